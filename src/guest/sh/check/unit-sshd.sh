# The sshd that a template unit starts. Options on its command line win over sshd_config, also for sshd -T.

# The instance that is asked for; in its texts this name stands for %i.
instance=vmssh-look
unit_program=
unit_options=

# unit_sshd TEMPLATE@: sets $unit_program and $unit_options, one option with its value per line.
unit_sshd() {
  unit_instance=$1$instance.service
  unit_command=$(show "$unit_instance" ExecStart)
  unit_command=${unit_command##*"$newline"}
  unit_program=
  case $unit_command in '{ path='*' ; argv[]='*' ; ignore_errors='*) unit_program=${unit_command#'{ path='} ;; *) unit_command= ;; esac
  unit_program=${unit_program%%' ;'*}
  # Without the program's own name.
  unit_command=${unit_command#*' ; argv[]='}
  unit_command=${unit_command%' ; ignore_errors='*}
  case $unit_command in *' '*) unit_command=${unit_command#* } ;; *) unit_command= ;; esac
  set -f
  unit_options=$(options_of "$(expand_variables "$unit_command")")
  set +f
}

# systemctl shows words without their quotes. sshd takes options only, so other words belong to the option before them.
options_of() {
  option=
  for each in $1; do
    case $option in
      -[bCcEfghkopu]) option=$option$each ;;
      *)
        case $each in
          -*)
            if [ -n "$option" ]; then printf '%s\n' "$option"; fi
            option=$each ;;
          *) option="$option $each" ;;
        esac ;;
    esac
  done
  if [ -n "$option" ]; then printf '%s\n' "$option"; fi
}

# As systemd does it: $NAME only as a whole word, ${NAME} anywhere.
expand_variables() {
  for each in $1; do
    case $each in
      \$[A-Za-z_]*) unit_variable "${each#?}" ;;
      *)
        rest=$each
        while name=${rest#*\$\{} && [ "$name" != "$rest" ]; do
          printf '%s' "${rest%%\$\{*}$(unit_variable "${name%%\}*}")"
          rest=${name#*\}}
        done
        printf '%s\n' "$rest" ;;
    esac
  done
}

# unit_variable NAME: a file's value wins over the unit's own, which is shown as A=b "C=d e".
unit_variable() {
  if [ "$1" = CREDENTIALS_DIRECTORY ]; then
    printf '%s' "/run/credentials/$unit_instance"
    return 0
  fi
  unit_environment=$(show "$unit_instance" Environment)
  unit_environment_files=$(show "$unit_instance" EnvironmentFiles)
  if [ -z "$unit_environment$unit_environment_files" ]; then return 0; fi
  {
    printf '%s' "$unit_environment" | grep -oE '"[^"]*"|[^" ]+' | sed 's/^"//'
    printf '%s\n' "$unit_environment_files" | while read -r each_file _; do cat "$R$each_file" 2>/dev/null; done
  } | sed -n "s/^[[:space:]]*$1=//p" | tail -n 1 | tr -d "\"'\\\\"
}

# with_options OPTIONS COMMAND...: runs it with those of the options that decide about a login.
with_options() {
  with=$1
  shift
  while IFS= read -r each; do
    case $each in -[46cfhopu]?*) set -- "$@" "$each" ;; esac
  done <<OPTIONS
$with
OPTIONS
  "$@"
}

# option_of NAME: the unit's own value of a setting; options_but NAME: the options without it.
option_of() {
  case $newline$unit_options in *"$newline-o"*) ;; *) return 0 ;; esac
  printf '%s\n' "$unit_options" | sed -n "s/^-o[[:space:]]*//p" | grep -i "^$1[[:space:]=]" | head -n 1 | sed 's/^[A-Za-z]*[[:space:]=]*//'
}
options_but() { printf '%s\n' "$unit_options" | grep -iv "^-o[[:space:]]*$1[[:space:]=]"; }

# unit_fix OPTIONS: a command that makes the unit start sshd with these.
unit_fix() {
  fix_words=$(printf '%s\n' "$1" | sed "s/[\\\\\"]/\\\\&/g; s/%/%%/g; s/\\$/\$\$/g
    s|/run/credentials/[^/ ]*$instance\\.service|\${CREDENTIALS_DIRECTORY}|g; s/$instance/%i/g; s/.* .*/\"&\"/" | tr '\n' ' ')
  drop_in "$unit@.service" zz-vmssh '[Service]' ExecStart= "ExecStart=-$unit_program ${fix_words% }"
}

# Whether sshd starts as the socket's template starts it: with other options it may have another configuration.

check_unit_sshd() {
  unit_sshd "$unit@"
  if [ -z "$unit_program" ]; then return 0; fi
  if [ ! -x "$R$unit_program" ]; then
    unit_starts=$(unit_starts)
    unit_program=$sshd
    fail accept "$unit_starts, which is not there" "$(unit_fix "$unit_options")" || return
  elif [ "${unit_program##*/}" != sshd ]; then
    return 0
  elif case $unit_options in -i*) false ;; esac && ! printf '%s\n' "$unit_options" | grep -q '^-[46DdeGqtT]*i'; then
    fail accept "$(unit_starts): without -i sshd does not take the connection" \
      "$(unit_fix "$(echo -i; printf '%s\n' "$unit_options" | sed -e 's/^\(-[46deq]*\)D/\1/' -e '/^-$/d')")" || return
  elif ! is_root; then
    return 0
  fi
  unit_complaint=$(with_options "$unit_options" sshd_complaint "$unit_program")
  if [ -z "$unit_complaint" ]; then return 0; fi
  # Without the unit's options it is the same, and was said.
  if [ "$unit_complaint" = "${key_complaint:-}" ]; then return 1; fi
  case $unit_complaint in
    command-line*) options_fix="systemctl cat $unit@.service # take that option out there, or of the EnvironmentFile= that it has" ;;
    *) options_fix=$(complaint_fix "$unit_complaint") ;;
  esac
  fail "$(complaint_step "$unit_complaint")" "$unit@.service starts $unit_program $(printf '%s' "$unit_options" | tr '\n' ' '), which says: $unit_complaint" \
    "$options_fix"
}

unit_starts() {
  setting_at "$unit@.service" ExecStart
  at_is | grep . || echo "$unit@.service starts $unit_program"
}
