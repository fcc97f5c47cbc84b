# Settings of the kernel's command line and the credential: $auto is yes or no, $listen has one address per line.

read_settings() {
  auto=yes
  listen=
  words=$(command_line)
  while IFS= read -r word; do
    name=${word%%=*}
    value=${word#"$name"}
    value=${value#=}
    case $name in
      systemd.ssh[_-]auto) set_auto "$word" "$value" ;;
      systemd.ssh[_-]listen) add_address "systemd.ssh_listen=$value" "$value" ;;
    esac
  done <<WORDS
$words
WORDS
  lines=$(credential ssh.listen)
  while IFS= read -r line || [ -n "$line" ]; do
    line=$(trim "$line")
    case $line in '' | '#'* | ';'*) ;; *) add_address "the credential ssh.listen's line $line" "$line" ;; esac
  done <<LINES
$lines
LINES
}

# The kernel's command line; in a container, that of systemd.
command_line() {
  if in_container; then
    tr '\0' '\n' </proc/1/cmdline | sed 1d
  else
    split "$(cat /proc/cmdline)"
  fi
}

# Splits a line as systemd does, one part per line; quotes group. One that is left open is a character.
split() {
  if split=$(printf '%s\n' "$1" | sed 's/\\/\\\\/g' | xargs printf '%s\n' 2>/dev/null); then
    printf '%s\n' "$split"
  else
    printf '%s\n' "$1" | tr -s '[:blank:]' '\n'
  fi
}

trim() { printf '%s\n' "$1" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//'; }

# A word without a value means yes, as always in systemd.
set_auto() {
  case $1 in *=*) ;; *) auto=yes && return ;; esac
  case $(echo "$2" | tr '[:upper:]' '[:lower:]') in
    1 | yes | y | true | t | on) auto=yes ;;
    0 | no | n | false | f | off) auto=no ;;
    *) log "$1 is neither yes nor no, and left out" ;;
  esac
}

add_address() {
  if address=$(stream_address "$2"); then
    listen=$listen$address$newline
  else
    log "$1 is no address that systemd.socket(5) knows for ListenStream= here, and left out"
  fi
}
