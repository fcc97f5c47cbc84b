# Undoes what service.sh did.

undo_openrc() {
  if must undo rc-update -q del "$1" default; then say changed undo "$1 is no longer started at boot"; fi
  rc-service -q "$1" stop 2>/dev/null
}

# After its line was removed from /etc/inittab.
undo_inittab() {
  # shellcheck disable=SC2046 # a command and its arguments
  if must undo $(reread_inittab "$1"); then say changed undo 'init has read /etc/inittab again'; fi
}
