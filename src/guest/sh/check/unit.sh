# Whether sshd starts as the socket's template starts it: with other options it may have another configuration.

check_unit_sshd() {
  unit_sshd "$unit@"
  if [ "${unit_program##*/}" != sshd ] || [ "$(id -u)" != 0 ]; then return 0; fi
  unit_complaint=$(with_options "$unit_options" sshd_complaint "$unit_program")
  if [ -z "$unit_complaint" ]; then return 0; fi
  fail sshd-config "$unit@.service starts $unit_program $(printf '%s' "$unit_options" | tr '\n' ' '), which says: $unit_complaint" \
    "$(unit_fix -i)"
  return 1
}
