# Where credentials are.

# credential NAME: its text. systemd collects them from 250 on; before that, this reads the same sources.
credential() {
  for each in "${CREDENTIALS_DIRECTORY:-/run/credentials/@system}" /run/credentials/@system /run/host/credentials; do
    if [ -f "$each/$1" ]; then
      cat "$each/$1"
      return 0
    fi
  done
  if [ -d /run/credentials/@system ] || in_container; then return 0; fi
  modprobe -q qemu_fw_cfg 2>/dev/null
  if [ -f "/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials/$1/raw" ]; then
    cat "/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials/$1/raw"
    return 0
  fi
  modprobe -q dmi-sysfs 2>/dev/null
  for each in /sys/firmware/dmi/entries/11-*/raw; do
    if [ -f "$each" ]; then tr '\0' '\n' <"$each"; fi
  done | sed -n "s/^.*io\.systemd\.credential:$1=//p" | head -n 1
  for each in /sys/firmware/dmi/entries/11-*/raw; do
    if [ -f "$each" ]; then tr '\0' '\n' <"$each"; fi
  done | sed -n "s/^.*io\.systemd\.credential\.binary:$1=//p" | head -n 1 | base64 -d 2>/dev/null
  split "$(cat /proc/cmdline)" | sed -n "s/^systemd\.set_credential=$1://p" | head -n 1
}
