# The output of every script: one line per step, which src/guest/report.ts reads.

PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin
LC_ALL=C
export PATH LC_ALL
umask 022
faults=0
noted=no

own_uid=
is_root() {
  own_uid=${own_uid:-$(id -u)}
  [ "$own_uid" = 0 ]
}
# Whether this is a login of an account's own, which is not root: it keeps what it needs in its home.
is_own() { [ "${own:-no}" = yes ] && ! is_root; }

# say ok|changed|skipped|failed|fix|hint STEP MESSAGE
say() {
  case $3 in
    *[!\ -~]*) printf '%-8s %-13s %s\n' "$1" "$2" "$(printf '%s' "$3" | on_one_line)" ;;
    *) printf '%-8s %-13s %s\n' "$1" "$2" "$3" ;;
  esac
}

# Journals, units and tools may print terminal controls, and which of them a console obeys is not known here: only ASCII is shown.
on_one_line() { tr -d '\r' | tr '\n\t' '  ' | tr -c ' -~' _; }

# fail STEP MESSAGE [FIX]: returns 1. noted=yes: something proved that it does no harm.
fail() {
  if [ "$noted" = yes ]; then
    say skipped "$1" "$2; the login works anyway"
  else
    faults=$((faults + 1))
    say failed "$1" "$2"
    say_fix "$1" "${3:-}"
  fi
  return 1
}

# say_fix STEP FIX: "COMMAND", "COMMAND # WORDS" or "# WORDS". What can be pasted and what is to be read are two lines.
say_fix() {
  case $2 in
    '') ;;
    '# '*) say hint "$1" "${2#??}" ;;
    *' # '*)
      say fix "$1" "${2%% # *}"
      say hint "$1" "${2#* # }" ;;
    *) say fix "$1" "$2" ;;
  esac
}

# give_up CODE: the last line, and the end.
give_up() {
  say 'end' "$1" "$([ "$1" = 2 ] && echo 'nothing was changed' || echo 'a step failed')"
  exit "$1"
}
# give_up_on STEP CODE MESSAGE [FIX]: fails, and ends.
give_up_on() {
  fail "$1" "$3" "${4:-}"
  give_up "$2"
}

# Milliseconds since boot, in steps of 10.
clock() {
  IFS='. ' read -r clock_s clock_c _ </proc/uptime
  echo "$clock_s$clock_c"0
}

# must STEP COMMAND...: a system command; its error output is the step's failure.
must() {
  must_step=$1
  shift
  if said=$("$@" 2>&1); then return 0; fi
  fail "$must_step" "$*: ${said:-it failed}" '# once the cause of that is gone, run this again'
}

# $meant: "UUID UUID", in both orders of bytes: whoever starts this may have been led to another machine. Its firmware says which it is.
only_meant() {
  its=
  for each in sys/class/dmi/id/product_uuid proc/device-tree/vm,uuid; do
    if [ -r "$R/$each" ]; then
      its=$(tr -d '\000' <"$R/$each" | tr ABCDEF abcdef)
      break
    fi
  done
  case $its in
    ????????-????-????-????-????????????)
      case " $meant " in *" $its "*) return 0 ;; esac
      case $meant in
        *-*)
          give_up_on machine 2 "another machine answers: its UUID is $its, not ${meant%% *}" "# ${other_fix:-}" ;;
      esac ;;
  esac
  if [ "${unproved:-no}" = yes ]; then return 0; fi
  give_up_on machine 2 'it cannot be told which machine answers: its firmware has no UUID' "# ${unproved_fix:-}"
}
if [ -n "${meant:-}" ]; then only_meant; fi
