# The keys that sshd takes for an account.

# The first file of keys that exists; sshd does not read one that other users can write to.
login_key_files() {
  key_source=
  key_file=
  unread=
  look_up authorizedkeysfile
  for each in $setting; do
    case $each in
      /run/credentials/*$instance.service/* | /run/sshd-generated-$instance/*)
        if credential_keys "$1" "$each"; then return 0; fi
        continue ;;
      none) continue ;;
    esac
    key_path "$1" "$each"
    key_file=$path
    if [ -d "$R$key_file" ]; then
      fail login "$key_file is a folder$(refusals)" "mv $key_file $key_file.folder$(key_fix "$1" | sed 's/^/ /')" || return
    elif [ -s "$R$key_file" ]; then break; fi
    key_file=
  done
  if [ -z "$key_file" ]; then
    no_key_file "$1"
    return
  fi
  key_source=" with the keys of $key_file"
  hidden_home || return 1
  look_up strictmodes
  if [ "$setting" = no ]; then return 0; fi
  loose=$(loose_part "$key_file" "$1")
  if [ -z "$loose" ]; then return 0; fi
  loose_text=$(loose_says "$loose" "$key_file")
  fail login "${loose_text%%"$newline"*}$(refusals)" "${loose_text#*"$newline"}"
}
# loose_says PART FILE: what is wrong with the part, and on the next line the fix.
loose_says() {
  loose_owner=root
  case $1 in "$home" | "$home"/*) loose_owner=$account ;; esac
  echo "$1 can be written by users other than $account ($(stat -L -c '%A %U:%G' "$R$1")), so sshd does not read $2"
  echo "$(if ! owned_by "$R$1" "$account"; then echo "chown $loose_owner: $1 && "; fi)chmod go-w $1"
}
owned_by() { [ -n "$(find -H "$1" -prune \( -user "$2" -o -user root \) 2>/dev/null)" ]; }

# loose_part FILE ACCOUNT: the first of it and the folders above it, up to the home, that others than the account and root can change.
loose_part() {
  part=$1
  owner=$2
  set --
  while [ -e "$R$part" ]; do
    set -- "$@" "$R$part"
    if [ "$part" = "$home" ] || [ "$part" = / ]; then break; fi
    part=${part%/*}
    part=${part:-/}
  done
  # Mostly one look at all of them finds nothing.
  if [ $# = 0 ] || { suspects=$(find -H "$@" -prune \( -perm -002 -o -perm -020 -o ! \( -user "$owner" -o -user root \) \) 2>/dev/null) && [ -z "$suspects" ]; }; then
    return 0
  fi
  for part; do
    if ! owned_by "$part" "$owner" || [ -n "$(find -H "$part" -prune -perm -002)" ] ||
      { ! private_group "$part" && [ -n "$(find -H "$part" -prune -perm -020)" ]; }; then
      echo "${part#"$R"}"
      return 0
    fi
  done
}

# A unit may hide the homes from its sshd, or any folder: "-/root:ro".
hidden_home() {
  hides=$(show "${unit_instance:-}" ProtectHome)
  case "$hides $key_file" in
    'yes /home/'* | 'yes /root/'* | 'tmpfs /home/'* | 'tmpfs /root/'*) hidden_by ProtectHome "$hides" no ;;
  esac || return
  for hider in TemporaryFileSystem InaccessiblePaths; do
    for hides in $(show "${unit_instance:-}" "$hider"); do
      hidden=${hides%%:*}
      case $key_file in "/${hidden#*/}"/*) hidden_by "$hider" "$hides" '' || return ;; esac
    done
  done
}
# hidden_by SETTING VALUE INSTEAD
hidden_by() {
  fail login "$unit@.service has $1=$2: its sshd does not see $key_file" \
    "$(drop_in "$unit@.service" zz-vmssh-home '[Service]' "$1=$3")"
}

key_files() {
  look_up authorizedkeysfile
  for each in $setting; do
    key_path "$account" "$each"
    echo "$path"
  done
}
# key_files_have PATTERN: sets $key_file to the first file of keys with such a line.
key_files_have() {
  key_file=$(key_files | while IFS= read -r each; do if text_of "$each" </dev/null | grep -Eq "$1"; then echo "$each"; fi; done | head -n 1)
  [ -n "$key_file" ]
}

# text_of FILE: as the account sees it. Root reads only where it cannot act as the account, and nobody reads more than the limits.
text_of() {
  if can_act_as "$account"; then as "$account" head -c "$as_limit" "$R$1"; else timeout "$as_seconds" head -c "$as_limit" "$R$1" 2>/dev/null; fi
}

# key_path ACCOUNT PATTERN: sets $path.
key_path() {
  path=$2
  case $path in *%*) path=$(echo "$2" | sed "s|%h|$home|g; s|%u|$1|g; s|%U|$(id -u "$1" 2>/dev/null)|g; s|%%|%|g") ;; esac
  case $path in /*) ;; *) path=$home/$path ;; esac
}

# credential_keys ACCOUNT FILE: only root can read a credential of the unit, and sshd reads it as the account (systemd#42359).
credential_keys() {
  credential=ssh.ephemeral-authorized_keys-all
  credential_there || return 1
  case $2 in
    /run/credentials/*)
      if [ "$1" != root ]; then
        unread=$credential
        return 1
      fi ;;
  esac
  key_source=" with the keys of the credential $credential"
}
credential_there() {
  for each_folder in /run/credentials/@system /etc/credstore /run/credstore /usr/local/lib/credstore /usr/lib/credstore; do
    if [ -s "$R$each_folder/$credential" ]; then return 0; fi
  done
  return 1
}

# No file has keys: they may come from elsewhere, or from a file that this unit's sshd is not told to read.
no_key_file() {
  if home_is_closed "$1"; then return 1; fi
  files=$(shown "$(setting authorizedkeysfile)")
  for each in authorizedkeyscommand trustedusercakeys; do
    case $(setting $each) in
      '' | none) ;;
      *)
        if [ "$login" != refused ]; then
          say skipped login "whether $1 has keys is not known: they come from $each $(setting $each), which is not run here"
        fi
        key_source=
        return 0 ;;
    esac
  done
  if [ -n "$unread" ]; then
    fail login "the keys of the credential $unread are there, but sshd reads them as $1, who may not (systemd#42359), and $1 has none in $files$(refusals)" \
      "$(key_fix "$1"); or log in as root" || return
  fi
  if [ "$1" = root ] && credential_lost; then return 1; fi
  own=$(option_of AuthorizedKeysFile)
  if [ -n "$own" ]; then
    others=$(know "$(sshd_says "$1" "$(options_but AuthorizedKeysFile)")" && setting authorizedkeysfile)
    for each in $others; do
      key_path "$1" "$each"
      if [ -s "$R$path" ]; then
        fail login "$unit@.service starts sshd with AuthorizedKeysFile $(shown "$own"), so it does not read $path, where $1 has keys$(refusals)" \
          "$(setting_fix AuthorizedKeysFile "$(all_of "$own" "$others")")" || return
      fi
    done
  fi
  lacks_key "$1" "$1 has no keys in $files$(refusals)" "$(key_fix "$1")"
}

# offered_in FILE: whether it has one of the keys that the host offers.
offered_in() { [ -n "${offered:-}" ] && text_of "$1" </dev/null | grep -qF -e "$offered"; }

shown() { printf '%s' "$1" | sed "s/$instance/%i/g"; }

# systemd-tmpfiles does not follow the link /root, so that the credential for root's keys has no effect there.
credential_lost() {
  lost=/run/credentials/@system/ssh.authorized_keys.root
  [ -s "$R$lost" ] && [ -L "$R$home" ] || return 1
  case $files in
    */ssh.ephemeral-authorized_keys-all* | */sshd-generated-*) instead='give it as ssh.ephemeral-authorized_keys-all' ;;
    *) instead="give it as tmpfiles.extra, for $(readlink -f "$R$home")/.ssh/authorized_keys" ;;
  esac
  fail login "the credential ssh.authorized_keys.root did not get to root: $home is a link, as in image-based systems, and systemd-tmpfiles does not follow it. On the host, $instead$(refusals)" \
    "install -d -m 700 $home/.ssh && install -m 600 $lost $home/.ssh/authorized_keys"
  return 0
}

# all_of OWN OTHERS: sshd reads a file that is named twice once more.
all_of() { if [ "$1" = none ]; then printf '%s' "$2"; else printf '%s' "$1 $2"; fi; }

# vmssh puts keys into ~/.ssh/authorized_keys only.
key_fix() {
  case " $(setting authorizedkeysfile) " in
    *' .ssh/authorized_keys '* | *' %h/.ssh/authorized_keys '*) echo "# put a key into $home/.ssh/authorized_keys: on the host, vmssh guest install --key does that" ;;
    ' none ') setting_fix AuthorizedKeysFile .ssh/authorized_keys ;;
    *)
      for each in $(setting authorizedkeysfile); do
        case $each in /run/credentials/* | /run/sshd-generated-*) continue ;; esac
        key_path "$1" "$each"
        echo "# put a key into $path"
        return 0
      done
      echo "# give $1 a key" ;;
  esac
}

# Debian's sshd accepts a group-writable file if only its user is in the group.
private_group() {
  [ -e "$R/etc/debian_version" ] || return 1
  private=$(getent group "$(stat -L -c %g "$1")")
  [ "${private##*:}" = '' ] && [ "${private%%:*}" = "$(stat -L -c %U "$1")" ]
}

# Each takes several processes to look at.
max_keys=100

# login_key_options: whether any key of $key_file can be accepted from a peer over vsock.
login_key_options() {
  if [ -z "${key_file:-}" ]; then return 0; fi
  key_text=$(text_of "$key_file" </dev/null | tr -d '\000')
  keys_ours=
  if [ -n "${offered:-}" ]; then keys_ours=$(printf '%s\n' "$key_text" | grep -nF -e "$offered" | head -n "$max_keys" | cut -d : -f 1 | tr '\n' ' '); fi
  byte_order_mark=$(printf '\357\273\277')
  key_hindered=
  key_number=0
  keys_seen=0
  key_whole=
  key_line=
  while IFS= read -r each_line || [ -n "$each_line" ]; do
    key_number=$((key_number + 1))
    case $each_line in "$byte_order_mark"*) key_hindered="mark 1" ;; esac
    case $keys_ours in
      '') case $key_line,$each_line in ,*AAAA* | ,*ssh-* | ,*ecdsa-* | ,*sk-* | yes,*) ;; *) continue ;; esac ;;
      *) case " $keys_ours" in *" $key_number "*) ;; *) continue ;; esac ;;
    esac
    keys_seen=$((keys_seen + 1))
    if [ "$keys_seen" -gt "$max_keys" ]; then break; fi
    each_type=$(printf '%s\n' "$each_line" | sed -En 's/^([^#].*[[:blank:]])?((sk-)?(ssh|ecdsa)-[A-Za-z0-9@.-]+)[[:blank:]]+AAAA.*/\2/p')
    # What follows a key without a comment may be the rest of it.
    if [ -n "$key_line" ] && [ -z "$each_type" ] && printf '%s\n' "$each_line" | grep -Eq '^[A-Za-z0-9+/]{4,}={0,2}([[:blank:]]|$)'; then
      key_hindered="broken $((key_number - 1))"
      key_whole=
    fi
    if [ -n "$key_whole" ]; then return 0; fi
    case ${each_line##*[[:blank:]]} in AAAA* | ssh-* | ecdsa-* | sk-*) key_line=yes ;; *) key_line= ;; esac
    if [ -z "$each_type" ]; then continue; fi
    each_hindrance=$(key_hindrance "${each_line%%"$each_type"*}" "$each_type")
    if [ -z "$each_hindrance" ]; then key_whole=yes; else key_hindered=${key_hindered:-$each_hindrance}; fi
  done <<KEYS
$key_text
KEYS
  if [ -n "$key_whole" ]; then return 0; fi
  key_value=${key_hindered#* }
  case ${key_hindered%% *} in
    from) fail login "$key_file has from=\"$key_value\" before the key, and a peer without a network has the host name UNKNOWN$(refusals)" "$(from_fix "$key_value")" ;;
    expired) fail login "$key_file has expiry-time=\"$key_value\" before the key: it has expired$(refusals)" \
      "sed -i 's/,expiry-time=\"$key_value\"//; s/expiry-time=\"$key_value\"[, ]//' $key_file" ;;
    type) algorithm_refused "$key_value" "$(refusals)" ;;
    mark) fail login "$key_file begins with a byte order mark, so sshd does not know its first key$(refusals)" \
      "sed -i \"1s/^\$(printf '\\357\\273\\277')//\" $key_file" ;;
    broken) fail login "$key_file, line $key_value: the key is broken into two lines$(refusals)" \
      "sed -i '$key_value{N;s/\\n/$(if printf '%s\n' "$key_text" | sed -n "${key_value}p" | grep -q AAAA; then :; else echo ' '; fi)/}' $key_file" ;;
    *) return 0 ;;
  esac
}

# key_hindrance OPTIONS TYPE: "from PATTERNS", "expired TIME", "type TYPE"; nothing if there is none.
key_hindrance() {
  from='' expiry=''
  case $1 in *from=*) from=$(printf '%s' "$1" | sed -En 's/^(.*,)?from="([^"]*)".*/\2/p') ;; esac
  if [ -n "$from" ] && [ "${over:-}" != tcp ] && ! from_unknown "$from"; then
    echo "from $from"
    return 0
  fi
  case $1 in *expiry-time=*) expiry=$(printf '%s' "$1" | sed -En 's/^(.*,)?expiry-time="([0-9]{8,14}Z?)".*/\2/p') ;; esac
  if [ -n "$expiry" ] && has_expired "$expiry"; then
    echo "expired $expiry"
    return 0
  fi
  if ! type_accepted "$2"; then echo "type $2"; fi
}

# The host name of a peer over vsock, as sshd compares it: without regard to case.
from_unknown() {
  set -f
  from_matched=no
  for pattern in $(printf '%s' "$1" | tr 'A-Z,' 'a-z '); do
    case $pattern in
      !*) if matches unknown "${pattern#?}"; then from_matched=never; fi ;;
      *) if [ "$from_matched" = no ] && matches unknown "$pattern"; then from_matched=yes; fi ;;
    esac
  done
  set +f
  [ "$from_matched" = yes ]
}

has_expired() {
  case $1 in *Z) expires=$(date -u +%Y%m%d%H%M%S) ;; *) expires=$(date +%Y%m%d%H%M%S) ;; esac
  [ "$(printf '%s000000' "${1%Z}" | cut -c 1-14)" -le "$expires" ]
}

type_accepted() {
  accepted_types
  if [ -z "$setting" ]; then return 0; fi
  case $1 in ssh-rsa) set -- ssh-rsa rsa-sha2-256 rsa-sha2-512 ;; esac
  for each_name in "$@"; do
    if matches_any "$each_name" "$setting"; then return 0; fi
  done
  return 1
}
# accepted_types: sets $accepts to the name of that setting, which older versions have by another, and $setting.
accepted_types() {
  accepts=PubkeyAcceptedAlgorithms
  look_up pubkeyacceptedalgorithms
  if [ -n "$setting" ]; then return 0; fi
  accepts=PubkeyAcceptedKeyTypes
  look_up pubkeyacceptedkeytypes
}
matches_any() {
  set -f
  IFS=,
  any_matched=no
  for pattern in $2; do
    if matches "$1" "$pattern"; then any_matched=yes; fi
  done
  unset IFS
  set +f
  [ "$any_matched" = yes ]
}

# algorithm_refused ALGORITHM WHY: "+" adds to sshd's defaults.
algorithm_refused() {
  accepted_types
  fail login "$(origin "$accepts") sets $accepts $setting, without $1, which the key needs$2" "$(setting_fix "$accepts" "+$1")"
}

# from_fix PATTERNS: only for text that the shell and sed take as it is.
from_fix() {
  if [ -z "$1" ] || printf '%s' "$1$key_file" | grep -q '[^A-Za-z0-9.:/*?!,_@%+~-]'; then
    echo "$from_hint"
  else
    echo "sed -i 's|from=\"$(printf '%s' "$1" | sed 's/[.*]/\\&/g')\"|from=\"$1,UNKNOWN\"|' $key_file"
  fi
}
from_hint='# add UNKNOWN to the from= of that key, as in from="192.0.2.0/24,UNKNOWN"'

# An account line that always refuses, in sshd's own file.
login_pam() {
  denies='^account[[:blank:]]+(required|requisite)[[:blank:]]+pam_deny\.so'
  look_up usepam
  if [ "$setting" != yes ] || ! grep -Eqs "$denies" "$R/etc/pam.d/sshd"; then return 0; fi
  fail login "/etc/pam.d/sshd refuses every account: $(grep -E "$denies" "$R/etc/pam.d/sshd" | head -n 1)$(refusals)" \
    "sed -i -E '/$denies/s/^/# /' /etc/pam.d/sshd"
}
