#!/bin/sh
# vmssh: lets a public key log in to this machine; its own manager started this, or a login of the account. With look=yes it only says what it would do.
# Exit codes: 0 all is well, 1 a step failed, 2 it cannot be done here and nothing was changed, 3 the same has to run
# again by sudo, as only root can do it.

set -u
. ./parts/set-up.sh
. ./check/unit-sshd.sh
. ./check/account.sh
. ./check/keys.sh
. ./log/attempt.sh
. ./check/login.sh
. ./check/let-in.sh

# A container's image often has none. Only sshd knows whether one is missing.
make_host_key() {
  if said=$("$R$sshd" -t 2>&1); then return 0; fi
  case $said in *'o hostkeys available'* | *' line '[0-9]*) ;; *) return 0 ;; esac
  key_complaint=$(sshd_complaint "$sshd")
  host_key=$R/etc/ssh/ssh_host_${host_key_type}_key
  if case $key_complaint in *"load host key: $host_key"* | 'sshd: no hostkeys available'*) [ -s "$host_key" ] ;; esac; then
    check_host_keys || give_up 2
  elif [ "$look" = yes ]; then
    say changed host-keys "there is none: $host_key is made"
  elif said=$(note host-key "$host_key" && rm -f "$host_key.new" "$host_key.new.pub" &&
    ssh-keygen -q -t "$host_key_type" -N '' -C 'vmssh setup' -f "$host_key.new" 2>&1 </dev/null &&
    mv -f "$host_key.new.pub" "$host_key.pub" && mv -f "$host_key.new" "$host_key"); then
    say changed host-keys "$host_key made"
  else
    fail host-keys "$host_key cannot be made: $said" 'ssh-keygen -A'
  fi
}

installs=
# Only if the user says so: it needs the guest's network.
install_sshd() {
  if [ "$install" = no ] || find_sshd >/dev/null; then return 0; fi
  installer=$(install_command openssh-server)
  case $installer in \#* | rpm-ostree*) return 0 ;; esac
  if [ "$look" = yes ]; then
    installs=yes
    say changed sshd "there is none: $installer"
  elif said=$(DEBIAN_FRONTEND=noninteractive sh -c "$installer" 2>&1 </dev/null); then
    say changed sshd "installed: $installer"
  else
    give_up_on sshd 1 "$installer: $(printf '%s' "$said" | tail -n 1)" "$installer"
  fi
}

# A key that stands there, though no journal says whose it is.
say_left() {
  is_let_in >/dev/null
  printf '%s\n' "$keys" | while IFS= read -r key; do
    blob=$(blob_of "$key")
    line=$(as "$keys_by" cat "$R$keys_in" </dev/null | grep -F -e "$blob" | head -n 1)
    if [ -z "$line" ]; then continue; fi
    fail key "your key stays in $keys_in, as nothing says that vmssh put it there: $line" "sed -i '\\|$blob|d' $(shell_word "$keys_in")"
  done
  say 'end' 0 'looked'
}

# Whether the key that is there already opens a shell, and to whoever comes now.
key_is_plain() {
  key_file=$keys_in
  offered=$(printf '%s\n' "$keys" | key_lines | cut -d ' ' -f 2)
  login_key_options || return
  case $(text_of "$keys_in" </dev/null | grep -F -e "$offered" | head -n 1) in
    'command="'* | *[\ ,]'command="'*)
      fail key "$keys_in lets your key run only one command, by command=" \
        "# take command=\"...\" off that key in $keys_in, or use another: vmssh setup --key FILE" ;;
  esac
}

# For a caller who may not read them by another way.
say_host_keys() {
  for each_file in "$R"/etc/ssh/ssh_host_*_key.pub; do
    if read -r each_type each_key _ <"$each_file"; then say ok host-key "$each_type $each_key"; fi
  done 2>/dev/null
}

# What only root can do: an account has an sshd, by which it came.
look_at_machine() {
  check_disk || give_up 2
  install_sshd
  if [ -z "$installs" ] && ! check_sshd; then give_up 2; fi
}

# What an account can see of the sshd by which it came. Another host key finds a mistake, and no attacker.
look_as_account() {
  config=${config:-}
  if [ -z "$config" ]; then
    say skipped sshd "$account cannot ask sshd for its settings: the key goes into the usual file"
  fi
  look_up hostkey
  for each_file in $settings; do
    read -r each_type each_key _ <"$R${each_file%.pub}.pub" || continue
    if [ "$each_type" = "${shown% *}" ] && [ "$each_key" != "${shown#* }" ]; then
      give_up_on host-key 2 "sshd has another $each_type key than the connection showed, in $each_file.pub" "# see which machine answers there"
    fi
  done 2>/dev/null
  if [ "$keys_by" = root ] && [ "$has_keys" = no ]; then
    need_sudo "sshd reads the keys of $account from $keys_in, where only root may write"
  elif [ "$units" = yes ] && [ "$look" = yes ]; then
    need_sudo 'the units for vsock need root'
  fi
}

need_sudo() {
  if ! command -v sudo >/dev/null; then
    give_up_on root 2 "$1, and there is no sudo" '# do it there as root'
  elif [ "$look" = no ]; then
    exit 3
  elif sudo -n true 2>/dev/null; then
    say ok sudo "$1, by sudo: it asks for no password"
  else
    say skipped sudo "$1, by sudo: it will ask for the password of $account"
  fi
}

set_up_account() {
  need_root
  if [ "$look" = no ]; then take_lock; fi
  if is_own; then sshd=$(find_sshd); else look_at_machine; fi
  choose_account
  find_home
  say ok account "$account"
  if [ "$look" = left ]; then
    say_left
    return 0
  fi
  if [ -z "$installs" ] && ! is_let_in; then give_up 2; fi
  if ! look_for_keys; then give_up 2; fi
  if is_own; then look_as_account; elif [ -z "$installs" ]; then make_host_key; fi
  if [ "$look" = no ]; then
    add_keys
    note_owners "$keys"
  elif [ "$has_keys" = no ]; then
    say changed key "the key goes into $keys_in of $account"
  elif [ -n "$keys" ] && key_is_plain; then
    say ok key "$account has the key already"
  fi
  if [ "$faults" -gt 0 ]; then give_up 1; fi
  if [ "$says_host_keys" = yes ]; then say_host_keys; fi
  say 'end' 0 'done'
}

set_up_account </dev/null
