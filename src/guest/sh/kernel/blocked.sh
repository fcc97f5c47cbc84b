# What keeps a module from loading. By its own name modprobe loads one that is on a list of modprobe.d, but neither the kernel nor
# modules-load.d does so at boot; and install runs a program in its place, also for one that another needs.

# blocked_by_kernel MODULE: sets $blocked_word, of the kernel's command line.
blocked_by_kernel() {
  blocked_word=$(tr ' ' '\n' 2>/dev/null <"$R/proc/cmdline" |
    grep -E "^(module_blacklist|modprobe\.blacklist)=(.*,)?$(spelled "$1")(,|$)" | head -n 1)
  [ -n "$blocked_word" ]
}

# blocked_lines MODULE: "FILE:LINE:TEXT" of modprobe.d. Of files of one name the first folder's counts.
blocked_lines() {
  for each_folder in /etc /run /usr/local/lib /usr/lib /lib; do
    for each_file in "$R$each_folder/modprobe.d"/*.conf; do
      if [ -f "$each_file" ] || [ -L "$each_file" ]; then printf '%s/%s\n' "${each_file##*/}" "$each_file"; fi
    done
  done | sort -s -u -t / -k 1,1 | cut -d / -f 2- | while IFS= read -r each_file; do
    grep -nE "^[[:space:]]*(blacklist[[:space:]]+$(spelled "$1")[[:space:]]*$|install[[:space:]]+($(spelled "$1")|vsock|$(spelled vmw_vsock_virtio_transport_common))[[:space:]]+([^[:space:]]*/)?(false|true)([[:space:]]|$))" "$each_file" 2>/dev/null |
      sed -e 's/^\([0-9]*:\)[[:space:]]*/\1/' -e "s|^|${each_file#"$R"}:|"
  done
}
# A hyphen is the same as an underscore there.
spelled() { printf '%s' "$1" | sed 's/_/[_-]/g'; }

# unblocked LINES: the commands that take them out. Those of the distribution are overridden by a file of the same name.
unblocked() {
  printf '%s\n' "$1" | cut -d : -f 1 | sort -u | while IFS= read -r each_file; do
    each_lines=$(printf '%s\n' "$1" | sed -n "s|^$each_file:\([0-9]*\):.*| -e '\1s/^/# /'|p" | tr -d '\n')
    case $each_file in
      *[!A-Za-z0-9_./@+-]*) printf '%s' "take these lines out of $each_file, then: " ;;
      /etc/* | /run/*) printf '%s' "sed -i$each_lines $each_file && " ;;
      *) printf '%s' "sed$each_lines $each_file > /etc/modprobe.d/${each_file##*/} && " ;;
    esac
  done
}
