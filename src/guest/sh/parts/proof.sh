# The proof that two connections reach the same machine: see src/entry/run-script.ts.

proof_file=$R/run/vmssh-proof

# Without characters that our lines cannot contain.
proof_here() { if [ -f "$proof_file" ] && [ ! -L "$proof_file" ]; then head -c 64 "$proof_file" | tr -cd '0-9a-f'; fi; }

leave_proof() {
  if [ -z "$leave" ]; then return 0; fi
  if ! said=$(rm -f "$proof_file" 2>&1 && printf '%s\n' "$leave" 2>&1 >"$proof_file"); then
    fail same-machine "$proof_file cannot be written: $said" 'df /run'
  fi
}

# Checked before anything is done, if an earlier connection left its number.
need_proof() {
  if [ -z "$expect" ] || [ "$(proof_here)" = "$expect" ]; then return 0; fi
  give_up_on same-machine 2 'the proof left in the guest a moment ago is missing: this is another machine' '# set its target with --target'
}

drop_proof() { rm -f "$proof_file"; }
