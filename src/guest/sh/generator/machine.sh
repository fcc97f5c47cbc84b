# What this system is: a VM, a container, whether it has vsock, and its credentials.

. ./../parts/machine.sh

# "vm:kvm", "container:systemd-nspawn": systemd passes it to its generators from 251 on.
virtualization() {
  if [ -n "${SYSTEMD_VIRTUALIZATION:-}" ]; then
    echo "$SYSTEMD_VIRTUALIZATION"
  elif found=$(systemd-detect-virt -c 2>/dev/null); then
    echo "container:$found"
  elif found=$(systemd-detect-virt -v 2>/dev/null); then
    echo "vm:$found"
  fi
}
in_container() {
  case $(virtualization) in container:wsl) return 1 ;; container:*) return 0 ;; esac
  return 1
}

# A device on one of the buses is enough: its module is loaded later, and a socket on any CID needs none.
may_have_vsock() {
  modprobe -q vsock 2>/dev/null
  if ! has_vsock; then return 1; fi
  case $(virtualization) in vm:microsoft | container:wsl) return 0 ;; esac
  { [ -e /dev/vsock ] && transport_loaded vmw_vsock_virtio_transport; } || vsock_device >/dev/null
}

# credential NAME: its text. systemd collects them from 250 on; before that, this reads the same sources.
credential() {
  for each in "${CREDENTIALS_DIRECTORY:-/run/credentials/@system}" /run/credentials/@system /run/host/credentials; do
    [ -f "$each/$1" ] && cat "$each/$1" && return
  done
  if [ -d /run/credentials/@system ] || in_container; then return 0; fi
  modprobe -q qemu_fw_cfg 2>/dev/null
  cat "/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials/$1/raw" 2>/dev/null && return
  modprobe -q dmi-sysfs 2>/dev/null
  dmi_strings | sed -n "s/^.*io\.systemd\.credential:$1=//p" | head -n 1
  dmi_strings | sed -n "s/^.*io\.systemd\.credential\.binary:$1=//p" | head -n 1 | base64 -d 2>/dev/null
  split "$(cat /proc/cmdline)" | sed -n "s/^systemd\.set_credential=$1://p" | head -n 1
}
dmi_strings() {
  for each in /sys/firmware/dmi/entries/11-*/raw; do
    if [ -f "$each" ]; then tr '\0' '\n' <"$each"; fi
  done
}
