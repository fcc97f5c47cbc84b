# The keys of root, if systemd-tmpfiles does not install them (it does from 252 on).

tmpfiles_has_root_keys() {
  for each in /etc /run /usr/local/lib /usr/lib /lib; do
    if [ -e "$each/tmpfiles.d/provision.conf" ]; then
      grep -q 'ssh\.authorized_keys\.root' "$each/tmpfiles.d/provision.conf"
      return
    fi
  done
  return 1
}

write_root_keys_unit() {
  cat >"$folder/vmssh-root-keys.service" <<UNIT
# Written at boot by vmssh-ssh-generator
[Unit]
Description=Keys of root from the credential ssh.authorized_keys.root
DefaultDependencies=no
After=local-fs.target
Before=sysinit.target sockets.target
ConditionPathExists=!/root/.ssh/authorized_keys

[Service]
Type=oneshot
ExecStart=/bin/sh $0 --root-keys
UNIT
  mkdir -p "$folder/sysinit.target.wants"
  ln -sf ../vmssh-root-keys.service "$folder/sysinit.target.wants/vmssh-root-keys.service"
}

root_keys() {
  if [ -e /root/.ssh/authorized_keys ]; then return 0; fi
  (umask 077 && mkdir -p /root/.ssh) &&
    temporary=$(mktemp /root/.ssh/.vmssh-XXXXXX) &&
    credential ssh.authorized_keys.root >"$temporary" &&
    mv "$temporary" /root/.ssh/authorized_keys
}
