need_root() {
  if [ "$(id -u)" != 0 ]; then
    fail root "this runs as $(id -un), but has to write to /etc" '# run it with sudo, or as root'
    give_up 2
  fi
}
