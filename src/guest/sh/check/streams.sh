# The addresses of a socket unit, with those of its drop-ins.

. ./../generator/addresses.sh

# listens_on FILE PORT: whether a socket unit has that vsock port, in any form that systemd reads.
listens_on() {
  listen_streams "$1" | {
    found=
    while read -r each_address; do
      case $each_address in
        '') found= ;;
        *vsock*) case $(stream_address "$each_address") in vsock:*:"$2") found=yes ;; esac ;;
      esac
    done
    [ "$found" = yes ]
  }
}
# An empty one takes away those before it.
listen_streams() {
  unit_texts "$1" | while IFS= read -r each_text; do
    sed -n 's/^[[:space:]]*ListenStream[[:space:]]*=//p' "$each_text" 2>/dev/null
  done
}

# unit_texts FILE: the unit's file and its drop-ins, in systemd's order: by name, and of one name the first folder's.
unit_texts() {
  printf '%s\n' "$1"
  texts_folders=$(drop_in_folders "${1##*/}")
  {
    for each_folder in $unit_folders; do
      for each_name in $texts_folders; do drop_ins "$R$each_folder/$each_name"; done
    done
    for each_folder in $unit_folders; do drop_ins "$R$each_folder/${1##*.}.d"; done
  } | sort -s -u -t / -k 1,1 | cut -d / -f 2-
}
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

# last_text_with FILE NAME: the last of the unit's texts that has this setting.
last_text_with() {
  unit_texts "$1" | while IFS= read -r each_text; do
    if grep -q "^[[:space:]]*$2[[:space:]]*=" "$each_text" 2>/dev/null; then printf '%s\n' "$each_text"; fi
  done | tail -n 1
}

# file_with_unknown_form FILE: it or its drop-in, with an address in a form that its systemd may not know.
file_with_unknown_form() {
  if has_ssh_generator && [ "$(show "$unit.socket" LoadState)" = loaded ]; then return 1; fi
  unit_texts "$1" | while IFS= read -r each_text; do
    if unknown_form "$each_text" >/dev/null; then
      printf '%s\n' "$each_text"
      break
    fi
  done | grep .
}
# unknown_form FILE: the line. The URL form is in no systemd; vsock-stream: came with 254, names with 256 and later, so it is asked.
unknown_form() {
  grep -E '^[[:space:]]*ListenStream[[:space:]]*=[[:space:]]*vsock://' "$1" ||
    { [ "$(show "$unit.socket" LoadState)" = bad-setting ] &&
      grep -E '^[[:space:]]*ListenStream[[:space:]]*=[[:space:]]*vsock(-stream:|:(any|-1|hypervisor|local|host):)' "$1"; }
}
form_title() {
  case $address in
    *vsock://*) echo 'the URL form' ;;
    *:any:* | *:-1:* | *:hypervisor:* | *:local:* | *:host:*) echo 'a name as the CID' ;;
    *) echo 'the form vsock-stream:' ;;
  esac
}
# For sed -E: the forms that all know.
known_forms='s,vsock(://|-stream:),vsock:,; s,vsock:(any|-1):,vsock::,; s,vsock:hypervisor:,vsock:0:,; s,vsock:local:,vsock:1:,; s,vsock:host:,vsock:2:,'
