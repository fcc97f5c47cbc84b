# Facts about the system that a script runs in, without changing it.

newline='
'

# The running systemd: 252, and 252.39-1~deb12u2 if it reports that.
systemd_major() { systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p'; }
systemd_full() { systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\)\( (\([^)]*\))\)\{0,1\}.*/\1 \3/p' | sed 's/^[0-9]* \(..*\)/\1/;s/ $//'; }

# systemd's own generator came with 256; distributions backport it, and may leave it out. A link to /dev/null masks it.
has_ssh_generator() {
  for each_folder in /run /etc /usr/local/lib /usr/lib /lib; do
    each_file=$R$each_folder/systemd/system-generators/systemd-ssh-generator
    if [ -e "$each_file" ] || [ -L "$each_file" ]; then
      [ "$(readlink -f "$each_file")" != /dev/null ]
      return
    fi
  done
  return 1
}

# Fedora CoreOS, bootc and others: /usr cannot be changed, and /root is a link to /var/roothome.
is_image() { [ -e "$R/run/ostree-booted" ] || { is_root && [ -d "$R/usr" ] && [ ! -w "$R/usr" ]; }; }

# By the files that Podman and Docker put there, or the file system of an image.
is_container() {
  [ -e "$R/run/.containerenv" ] || [ -e "$R/.dockerenv" ] || grep -Eqs '^[^ ]+ / (overlay|fuse.fuse-overlayfs) ' "$R/proc/mounts"
}

is_systemd() {
  first=
  { read -r first <"$R/proc/1/comm"; } 2>/dev/null
  [ "$first" = systemd ] && [ -d "$R/run/systemd/system" ]
}
is_wsl() {
  grep -qi microsoft "$R/proc/sys/kernel/osrelease" 2>/dev/null || return 1
  for sign in proc/sys/fs/binfmt_misc/WSLInterop proc/sys/fs/binfmt_misc/WSLInterop-late etc/wsl.conf run/WSL; do
    if [ -e "$R/$sign" ]; then return 0; fi
  done
  return 1
}
wsl_says_systemd() {
  sed -n '/^[[:space:]]*\[boot\]/,/^[[:space:]]*\[/p' "$R/etc/wsl.conf" 2>/dev/null |
    grep -qi '^[[:space:]]*systemd[[:space:]]*=[[:space:]]*true'
}
virtualization() { systemd-detect-virt 2>/dev/null || :; }

. ./find-sshd.sh

# sshd_complaint SSHD [OPTION]...: about its configuration and host keys, on one line, without warnings and a missing folder under /run.
sshd_complaint() {
  complaint_of=$R$1
  shift
  complaint_fatal=yes
  if complaints=$("$complaint_of" -t "$@" 2>&1); then complaint_fatal=no; fi
  if [ -z "$complaints" ]; then return 0; fi
  complaints=$(printf '%s\n' "$complaints" | tr -d '\r' | grep -v -e 'Missing privilege separation directory' -e '^[[:space:]]*$')
  {
    { [ "$complaint_fatal" = yes ] && printf '%s\n' "$complaints" | grep ' line [0-9]' | grep -v 'Deprecated option'; } ||
      printf '%s\n' "$complaints" | grep '^Permissions .* are too open' ||
      printf '%s\n' "$complaints" | grep -e '^Unable to load host key: ' -e 'no hostkeys available' ||
      if [ "$complaint_fatal" = yes ]; then printf '%s\n' "$complaints" | tail -n 1; fi
  } | head -n 5 | sed -e ':a' -e '$!{N' -e 'ba' -e '}' -e 's/\n/; /g'
}

# The units that make host keys before sshd starts, if the distribution has them.
key_units() {
  for unit in sshd-keygen.target sshdgenkeys.service sshd-keygen.service; do
    [ -e "$R/usr/lib/systemd/system/$unit" ] && echo "$unit" && return
  done
  return 1
}

# The folders of unit files, in systemd's order.
unit_folders='/etc/systemd/system /run/systemd/system /run/systemd/generator /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system'

unit_file() {
  for unit_folder in $unit_folders; do
    { [ -e "$R$unit_folder/$1" ] || [ -L "$R$unit_folder/$1" ]; } && echo "$unit_folder/$1" && return
  done
  return 1
}

shell_word() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

# drop_in UNIT NAME LINE...: the command that writes these lines into a drop-in.
drop_in() {
  drop_in_file=/etc/systemd/system/$1.d/$2.conf
  shift 2
  printf '%s' "mkdir -p ${drop_in_file%/*} && printf '%s\\n'"
  for each; do printf ' %s' "$(shell_word "$each")"; done
  printf '%s' " > $drop_in_file && systemctl daemon-reload"
}

# find_account ACCOUNT: sets $entry, $home and $shell; empty if there is none.
# shellcheck disable=SC2034 # no script needs all of them
find_account() {
  entry=$(getent passwd "$1")
  IFS=: read -r _ _ _ _ _ home shell <<ENTRY
$entry
ENTRY
}

# show UNIT PROPERTY[,PROPERTY]...
show() { systemctl show "$1" -p "$2" --value 2>/dev/null; }

. ./machine.sh

# A value from the kernel's command line, of which the last one counts: cmdline_word systemd.ssh_auto
cmdline_word() { tr ' ' '\n' <"$R/proc/cmdline" 2>/dev/null | tr - _ | sed -n "s/^$1=//p" | tr -d '"' | tail -n 1; }
ssh_auto_is_off() {
  case $(cmdline_word systemd.ssh_auto) in
    0 | [nN] | [nN][oO] | [fF] | [fF][aA][lL][sS][eE] | [oO][fF][fF]) return 0 ;;
  esac
  return 1
}

unit_of_port() { if [ "$1" = 22 ]; then echo sshd-vsock; else echo "sshd-vsock-$1"; fi; }

# Milliseconds for the lookup that sshd's helpers make for a peer without an address.
unknown_lookup_ms() {
  lookup_from=$(clock)
  timeout 25 getent ahosts UNKNOWN >/dev/null 2>&1
  echo $(($(clock) - lookup_from))
}
has_unknown() { grep -Eq '^[^#]*[[:space:]]UNKNOWN([[:space:]]|$)' "$R/etc/hosts" 2>/dev/null; }
# pids_above [PID]: it, by default this script's parent, and the processes above it.
pids_above() {
  above=${1:-$PPID}
  while [ "${above:-1}" -gt 1 ]; do
    echo "$above"
    above=$(sed -n 's/^PPid:[[:space:]]*//p' "$R/proc/$above/status" 2>/dev/null)
  done
}
