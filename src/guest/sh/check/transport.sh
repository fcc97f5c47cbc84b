# The kernel's part: AF_VSOCK, the device and its driver, and how systemd reads the CID.

check_transport() {
  if ! device=$(vsock_device); then
    if is_wsl; then device='Hyper-V hv_sock'; else
      fail transport "this machine has no vsock device on its virtio, PCI or VMBus" \
        '# on the host: QEMU -device vhost-vsock-pci,guest-cid=N; libvirt <vsock><cid auto="yes"/></vsock>; Hyper-V and VMware have one always' || return
    fi
  fi
  module=${device#* }
  if ! has_vsock; then
    if module_exists vsock; then
      not_loaded "AF_VSOCK is not loaded (/proc/net/protocols); the device is ${device% *}'s"
    else
      fail transport "this kernel ($(uname -r)) has no AF_VSOCK, and no module vsock" '# install a kernel with CONFIG_VSOCKETS'
    fi
  elif ! transport_loaded "$module" && ! is_wsl; then
    if module_exists "$module"; then
      not_loaded "the ${device% *} vsock device has no driver: $module is not loaded"
    else
      fail transport "this kernel ($(uname -r)) has no module $module for the ${device% *} vsock device" "# install the kernel's package of extra modules, or a kernel with $module"
    fi
  else
    say ok transport "${device% *} vsock by $module$(cid_text)"
  fi
}
module_exists() { [ -d "$R/sys/module/$1" ] || modprobe -n -q "$1" 2>/dev/null; }
# not_loaded MESSAGE: modprobe does not help if the module is kept away.
not_loaded() {
  load_fix="modprobe $module && echo $module > /etc/modules-load.d/vsock.conf"
  if blocked_by_kernel "$module"; then
    fail transport "$1; the kernel's command line has $blocked_word" "# take $module out of ${blocked_word%%=*}= on the kernel's command line and reboot"
    return
  fi
  blocked=$(blocked_lines "$module")
  if [ -z "$blocked" ]; then
    fail transport "$1" "$load_fix"
  else
    unblock=$(unblocked "$blocked")
    case $unblock in *'take these lines'*) unblock="# $unblock" ;; esac
    fail transport "$1$(printf '%s\n' "$blocked" | while IFS=: read -r each_file each_line each_text; do printf '%s' "; $each_file, line $each_line, has: $each_text"; done)" \
      "$unblock$load_fix"
  fi
}
cid_text() {
  cid=$(own_cid)
  case $cid in
    '') ;;
    4294967295) echo '; the CID reads as "any"' ;;
    *) echo "; the CID is $cid" ;;
  esac
}

# A Hyper-V guest's CID reads as "any" or 1: no vsock for systemd 258.3 to 260.2 (systemd#40161, #42496); later 1, by vsock_loopback, is.
has_cid_bug() {
  case $(virtualization) in microsoft) ;; *) return 1 ;; esac
  if ! has_ssh_generator; then return 1; fi
  case $(systemd_full) in
    258.[3-9]* | 258.[1-9][0-9]* | 259 | 259[.~-]* | 260 | 260.[0-2] | 260.[0-2][!0-9]* | 260[~-]*) return 0 ;;
  esac
  [ "$(systemd_major)" -ge 260 ] && [ "$(own_cid)" = 1 ]
}
check_cid_bug() {
  if [ "$port" = 22 ] && has_cid_bug && ! find_socket_unit 22 >/dev/null; then
    fail hyper-v-cid "systemd $(systemd_full) on Hyper-V made no sshd-vsock.socket: it treats the CID there, \"any\" or 1, as none" \
      "# the script of vmssh guest print writes the units that are missing; or boot with systemd.ssh_listen=vsock::22; or take systemd 260.3 or later, without vsock_loopback in /etc/modules-load.d" || return
  fi
  say ok hyper-v-cid 'no known bug of systemd on Hyper-V applies here'
}

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
    drop_ins "$R$each_folder/modprobe.d"
  done | first_of_name | while IFS= read -r each_file; do
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
