# What the journal has on one connection to sshd. Others may come at the same time.

# The journal's end, as a cursor; nothing without a journal.
journal_end() { journalctl -q -n 1 -o cat --show-cursor 2>/dev/null | sed -n 's/^-- cursor: //p'; }

# sshd_log: the fix that shows what sshd logged, where that is.
sshd_log() {
  if [ -n "$(journal_end)" ]; then
    echo 'journalctl -b --no-pager -n 40 -t sshd -t sshd-session -t sshd-auth'
    return 0
  fi
  for each_file in /var/log/auth.log /var/log/secure /var/log/messages; do
    [ -e "$R$each_file" ] && echo "grep sshd $each_file | tail -n 40" && return
  done
  echo '# there is no journal here, and no log of sshd in /var/log: start one, and check again'
}

# await_lines CURSOR ACCOUNT END: sets $own_lines to those since the cursor, once one matches END, or after 5 s: they may come late.
await_lines() {
  own_lines=
  if [ -z "$1" ]; then return 0; fi
  for pause in 0 1 1 1 1 1; do
    sleep "$pause"
    timeout 10 journalctl --sync 2>/dev/null
    own_lines=$(sshd_lines "$1" | without_others "$2")
    if printf '%s\n' "$own_lines" | grep -Eq "$3"; then return 0; fi
  done
}

# sshd_lines CURSOR|-20s: "NAME[PID]: MESSAGE", but not of sessions. By name: journald may not know the unit of a process that has ended.
sshd_lines() {
  case $1 in -*) lines_from=--since ;; *) lines_from=--after-cursor ;; esac
  timeout 10 journalctl -q -o short --no-hostname --no-pager -n 2000 "$lines_from=$1" -t sshd -t sshd-session -t sshd-auth 2>/dev/null |
    sed -n -e '/(sshd:session)/d' -e 's/^[A-Z][a-z]* *[0-9]* [0-9:]* \(sshd[a-z-]*\[[0-9]*\]: \)/\1/p'
}

# without_others ACCOUNT: the messages from stdin, without those of processes that name another peer or account, and of our own login.
without_others() {
  all_lines=$(cat)
  other_pids=$({
    pids_above
    if [ "${over:-vsock}" != tcp ]; then ids_with '(.* )?([^ ]+) port [0-9]' | not_of UNKNOWN; fi
    ids_with '(.* )(for|user) ([^ ]+)( from)? [^ ]+ port [0-9]' 4 | not_of "$1"
  } | sort -u | tr '\n' '|')
  printf '%s\n' "$all_lines" | grep -Ev "^[^[]*\[(${other_pids}none)\]: " | sed 's/^[^]]*\]: //'
}
# ids_with PATTERN [GROUP]: "PID TEXT"
ids_with() { printf '%s\n' "$all_lines" | sed -En "s/^[^[]*\[([0-9]+)\]: $1.*/\1 \\${2:-3}/p"; }
not_of() { while read -r each_pid each_name; do if [ "$each_name" != "$1" ]; then echo "$each_pid"; fi; done; }
