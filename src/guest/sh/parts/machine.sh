# What this machine has that sshd needs. Also in sshd-vsock and in the generator, which run on their own.

# The kernel's part: AF_VSOCK and its transport.
has_vsock() { grep -q '^AF_VSOCK' "$R/proc/net/protocols" 2>/dev/null; }

# The vsock device of this machine and its driver, from the buses: "virtio vmw_vsock_virtio_transport".
vsock_device() {
  for device in "$R"/sys/bus/virtio/devices/*; do
    grep -q '^virtio:d00000013v' "$device/modalias" 2>/dev/null && echo "virtio vmw_vsock_virtio_transport" && return
  done
  for device in "$R"/sys/bus/pci/devices/*; do
    case $(cat "$device/vendor" "$device/device" 2>/dev/null) in
      "0x1af4$newline"0x1053 | "0x1af4$newline"0x1012) echo "virtio vmw_vsock_virtio_transport" && return ;;
      "0x15ad$newline"0x0740) echo "VMware vmw_vsock_vmci_transport" && return ;;
    esac
  done
  [ -d "$R/sys/bus/vmbus" ] && echo "Hyper-V hv_sock"
}

# Whether the driver of that device is active: a built-in one only shows by its device.
transport_loaded() {
  if [ -d "$R/sys/module/$1" ]; then return 0; fi
  case $1 in
    vmw_vsock_virtio_transport) [ -d "$R/sys/bus/virtio/drivers/vmw_vsock_virtio_transport" ] ;;
    hv_sock) [ -d "$R/sys/bus/vmbus/drivers/hv_sock" ] ;;
    *) return 1 ;;
  esac
}

# This sshd's privilege separation folder, set at build time: Debian and Ubuntu /run/sshd, Fedora, RHEL 9 and Arch
# /usr/share/empty.sshd, RHEL 8 /var/empty/sshd, openSUSE /var/lib/empty.
privsep_folder() {
  for folder in /usr/share/empty.sshd /var/empty/sshd /var/lib/empty /var/lib/sshd /run/sshd /var/empty; do
    grep -qF "$folder" "${R:-}$1" 2>/dev/null && echo "$folder" && return
  done
  echo /run/sshd
}

# A container without systemd: the folder that its manager shares with the host. vsock would be the host's own there.

export_socket=/run/host/unix-export/ssh
has_export() { [ -d "$R${export_socket%/*}" ] && [ -w "$R${export_socket%/*}" ]; }
