# The addresses of a socket unit, with those of its drop-ins.

. ./../generator/addresses.sh

# listens_on FILE PORT: whether a socket unit has that vsock port, in any form that systemd reads.
listens_on() {
  streams "$1"
  while read -r _ each_address _; do
    case $each_address in vsock*) ;; *) continue ;; esac
    case $(stream_address "$each_address") in vsock:*:"$2") return 0 ;; esac
  done <<STREAMS
$streams
STREAMS
  return 1
}
# streams FILE: sets $streams to lines "NUMBER ADDRESS FILE", of the addresses that are in effect: an empty one takes away those before it.
streams_of=
streams() {
  if [ "$streams_of" = "$1" ]; then return 0; fi
  streams_of=$1
  streams=
  while IFS= read -r each_text; do
    while IFS=: read -r each_line each_address; do
      read -r each_address <<ADDRESS
${each_address#*=}
ADDRESS
      case $each_line,$each_address in ,*) ;; *, | *,-) streams= ;; *) streams="$streams$each_line $each_address $each_text$newline" ;; esac
    done <<LINES
$(grep -n '^[[:space:]]*ListenStream[[:space:]]*=' "$each_text" 2>/dev/null)
LINES
  done <<TEXTS
$(unit_texts "$1")
TEXTS
}

# without_port UNIT PORT [ADDRESS]: the fix that leaves the unit all of $streams but that vsock port, and adds the address.
without_port() {
  set -f
  others=$(printf '%s' "$streams" | while read -r _ each_address _; do
    case $(stream_address "$each_address") in vsock:*:"$2") ;; *) printf 'ListenStream=%s ' "$each_address" ;; esac
  done)
  # shellcheck disable=SC2086 # words without blanks
  case $others in
    *[!A-Za-z0-9_.:/=@%\ +\[\]-]*) echo "# change its ListenStream= by: systemctl edit --full $1" ;;
    *) drop_in "$1" zz-vmssh-listen '[Socket]' ListenStream= $others ${3:+"ListenStream=$3"} ;;
  esac
}

# unit_texts FILE: the unit's file and its drop-ins, in systemd's order: by name, and of one name the first folder's.
unit_texts() {
  printf '%s\n' "$1"
  texts_folders=$(drop_in_folders "${1##*/}"; if [ -L "$1" ]; then drop_in_folders "$(basename "$(readlink -f "$1")")"; fi)
  texts=$(
    for each_folder in $unit_folders; do
      for each_name in $texts_folders; do drop_ins "$R$each_folder/$each_name"; done
    done
    for each_folder in $unit_folders; do drop_ins "$R$each_folder/${1##*.}.d"; done
  )
  if [ -n "$texts" ]; then printf '%s\n' "$texts" | first_of_name; fi
}
first_of_name() { sort -s -u -t / -k 1,1 | cut -d / -f 2-; }
# drop_in_folders UNIT: a-b.socket.d, a-.socket.d.
drop_in_folders() {
  each_at=
  each_stem=${1%.*}
  case $each_stem in *@) each_at=@ each_stem=${each_stem%@} ;; esac
  while :; do
    echo "$each_stem$each_at.${1##*.}.d"
    each_stem=${each_stem%-}
    case $each_stem in *-*) each_stem=${each_stem%-*}- ;; *) break ;; esac
  done
}
# A link to /dev/null hides one of the same name.
drop_ins() {
  for drop_in in "$1"/*.conf; do
    if [ -f "$drop_in" ] || [ -L "$drop_in" ]; then printf '%s/%s\n' "${drop_in##*/}" "$drop_in"; fi
  done
}

# setting_at UNIT NAME: sets $at_text to the last of the unit's texts that has this setting, and $at_line to "NUMBER:TEXT" there.
setting_at() {
  at_text=$(unit_texts "$R$(unit_file "$1")" | while IFS= read -r each_text; do
    if grep -q "^[[:space:]]*$2[[:space:]]*=" "$each_text" 2>/dev/null; then printf '%s\n' "$each_text"; fi
  done | tail -n 1)
  at_line=$(grep -n "^[[:space:]]*$2[[:space:]]*=" "${at_text:-/dev/null}" | tail -n 1)
}
at_is() { if [ -n "$at_line" ]; then printf '%s' "${at_text#"$R"}, line ${at_line%%:*}, has $(printf '%s' "${at_line#*:}" | sed 's/^[[:space:]]*//')"; fi; }

# unknown_form: the first address of a form that this systemd may not know, and below it its file. The URL form is in no systemd;
# vsock-stream: came with 254, names with 256 and later.
unknown_form() {
  streams "$R$file"
  printf '%s' "$streams" | grep -E '^[0-9]+ vsock(://|-stream:|:(any|-1|hypervisor|local|host):)' | head -n 1 |
    while read -r _ each_address each_text; do printf '%s\n' "$each_address" "${each_text#"$R"}"; done
}
form_title() {
  case $address in
    *vsock://*) echo 'the URL form' ;;
    *:any:* | *:-1:* | *:hypervisor:* | *:local:* | *:host:*) echo 'a name as the CID' ;;
    *) echo 'the form vsock-stream:' ;;
  esac
}
# For sed -E: the forms that all know. The CIDs of the names local, host and hypervisor are none by which a host reaches it.
known_forms='s,vsock(://|-stream:),vsock:,; s,vsock:(any|-1|local|host|hypervisor):,vsock::,'
