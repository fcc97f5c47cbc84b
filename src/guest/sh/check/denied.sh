# What SELinux or AppArmor denied sshd on its socket, since the policy was last changed.

check_denied() {
  if failed_for_sshd && denied=$(apparmor_denial) && [ -n "$denied" ]; then
    fail denied "AppArmor denies sshd its socket: $denied" "$(apparmor_fix "$denied")" || return
  fi
  if [ "$(cat "$R/sys/fs/selinux/enforce" 2>/dev/null)" != 1 ]; then return 0; fi
  denied=$(selinux_denials)
  if [ -n "$denied" ]; then
    fail denied "SELinux denies sshd its vsock socket: $(printf '%s\n' "$denied" | tail -n 1)" \
      "printf '%s\\n' $(rules_for "$denied") > /root/vmssh-vsock.cil && semodule -i /root/vmssh-vsock.cil # or install a newer selinux-policy"
  elif failed_for_sshd; then
    say skipped denied 'SELinux is enforcing, and no denial is in the logs; without auditd the kernel loses many'
    say_fix denied 'setenforce 0 # and check again: if it answers now, SELinux is the cause; then setenforce 1'
  fi
}

# Whether the connection of check_banner failed after systemd had taken it.
failed_for_sshd() { case ${banner:-} in closed | silent) ;; *) return 1 ;; esac }

kernel_messages() { journalctl -q -b -o cat --no-pager "$@" _TRANSPORT=audit + _TRANSPORT=kernel 2>/dev/null || dmesg 2>/dev/null; }

# The last denial of a socket since profiles were last loaded: the others do not explain it.
apparmor_denial() {
  kernel_messages |
    grep -E 'apparmor="STATUS" operation="profile_|apparmor="DENIED".* (comm="sshd|profile="[^"]*sshd)' |
    sed -n -e '/apparmor="STATUS"/{' -e 's/.*//' -e h -e d -e '}' -e H -e '${' -e x -e p -e '}' |
    grep -E ' family="(vsock|unix)" ' | tail -n 1
}

# apparmor_fix LINE: only the package apparmor is needed for these, not apparmor-utils.
apparmor_fix() {
  denied_profile=$(word_of profile "$1")
  # Whoever chose such a name chooses nothing that is run.
  if printf '%s' "$denied_profile" | grep -Eq '^-|[^A-Za-z0-9_./@,-]'; then
    echo '# aa-complain for the profile of that line, to try without it'
    return 0
  fi
  each_file=$(cd "$R/etc/apparmor.d" 2>/dev/null && grep -lsF "$denied_profile" ./* | head -n 1)
  last_brace=$(grep -n '^}' "$R/etc/apparmor.d/$each_file" 2>/dev/null | tail -n 1 | cut -d : -f 1)
  each_file=/etc/apparmor.d/${each_file#./}
  rule="network $(word_of family "$1") $(word_of sock_type "$1"),"
  if [ -z "$last_brace" ] || printf '%s' "$each_file$rule" | grep -q '[^A-Za-z0-9_./@, -]'; then
    echo "aa-complain $denied_profile # to try without it"
  else
    echo "sed -i '${last_brace}i\\  $rule' $each_file && apparmor_parser -r $each_file # or, to try without the profile: apparmor_parser -R $each_file"
  fi
}
word_of() { printf '%s' "$2" | sed -n "s/.* $1=\"\([^\"]*\)\".*/\1/p"; }

# Lines of the audit log or the kernel, enforced, and newer than the policy. The journal's have no time in them.
selinux_denials() {
  changed=$(stat -c %Y "$R"/etc/selinux/*/policy/policy.* 2>/dev/null | sort -n | tail -n 1)
  { tail -n 5000 "$R/var/log/audit/audit.log" 2>/dev/null || kernel_messages ${changed:+"--since=@$changed"}; } |
    grep -E 'avc: +denied .*tclass=vsock_socket' | grep -E 'scontext=[^ ]*sshd|comm="sshd' | grep -v 'permissive=1' |
    while IFS= read -r line; do
      at=$(printf '%s' "$line" | sed -n 's/.*audit(\([0-9]*\)\..*/\1/p')
      if [ "${at:-9999999999}" -ge "${changed:-0}" ]; then printf '%s\n' "$line"; fi
    done
}

# The rules in SELinux's own language that allow these, and what sshd does next with such a socket: one denial hides the others.
rules_for() {
  printf '%s\n' "$1" | sed -n "s/.*denied  *{ \([a-z_ ]*\) }.* scontext=[^: ]*:[^: ]*:\([A-Za-z0-9_]*\).* tcontext=[^: ]*:[^: ]*:\([A-Za-z0-9_]*\).* tclass=vsock_socket.*/\2 \3 \1/p" |
    while read -r from to denied_permissions; do
      permissions='ioctl read getattr write setattr append getopt setopt shutdown'
      for each in $denied_permissions; do
        case " $permissions " in *" $each "*) ;; *) permissions="$permissions $each" ;; esac
      done
      echo "'(allow $from $to (vsock_socket ($permissions)))'"
    done | sort -u | tr '\n' ' '
}
