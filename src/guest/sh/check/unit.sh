# Whether sshd starts as the socket's template starts it: with other options it may have another configuration.

check_unit_sshd() {
  unit_sshd "$unit@"
  if [ "${unit_program##*/}" != sshd ] || [ "$(id -u)" != 0 ]; then return 0; fi
  unit_complaint=$(with_options "$unit_options" sshd_complaint "$unit_program")
  if [ -z "$unit_complaint" ]; then return 0; fi
  # Without the unit's options it is the same, and was said.
  if [ "$unit_complaint" = "${key_complaint:-}" ]; then return 1; fi
  fail "$(complaint_step "$unit_complaint")" "$unit@.service starts $unit_program $(printf '%s' "$unit_options" | tr '\n' ' '), which says: $unit_complaint" \
    "$(unit_complaint_fix)"
  return 1
}

# The option without which sshd has nothing to say: from the file that the unit takes it from, or from the unit.
unit_complaint_fix() {
  case $unit_complaint in
    command-line*) ;;
    *)
      complaint_fix "$unit_complaint"
      return 0 ;;
  esac
  printf '%s\n' "$unit_options" | while IFS= read -r bad_option; do
    other_options=$(printf '%s\n' "$unit_options" | grep -vxF -e "$bad_option")
    if [ -n "$(with_options "$other_options" sshd_complaint "$unit_program")" ]; then continue; fi
    bad_option=$(printf '%s\n' "$bad_option" | sed 's/^-o[[:space:]]*/-o /')
    bad_file=$(show "$unit_instance" EnvironmentFiles | while read -r each_file _; do
      if grep -qsF -e "${bad_option#-o }" "$R$each_file"; then echo "$each_file"; fi
    done | tail -n 1)
    if [ -n "$bad_file" ]; then echo "take \"$bad_option\" out of $bad_file"; else unit_fix "$other_options"; fi
    break
  done | grep . || echo "correct the options in: systemctl cat $unit@.service"
}
