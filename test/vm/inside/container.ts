import type { Guest } from '../bed/guest.js';

// Boots a systemd-nspawn container in the guest: its root is the guest's own, under an overlay in memory. Resolves once
// its systemd says that it is ready. It is registered at machined and exports its sshd if the systemd is ≥ 256.
export async function startContainer(guest: Guest, name: string): Promise<void> {
  await guest.run(
    `set -e
    folder=/mnt/${name}
    mkdir -p $folder.layer $folder
    mount -t tmpfs -o mode=755 layer $folder.layer
    mkdir $folder.layer/upper $folder.layer/work
    mount -t overlay -o lowerdir=/,upperdir=$folder.layer/upper,workdir=$folder.layer/work overlay $folder
    : >$folder/etc/machine-id
    echo ${name} >$folder/etc/hostname
    ln -sf /dev/null $folder/etc/systemd/system/ssh.service
    ln -sf /dev/null $folder/etc/systemd/system/systemd-networkd.service
    systemd-run -q --unit=${name} -p Type=notify -p NotifyAccess=all -p KillMode=mixed -p Delegate=yes \
      -E SYSTEMD_NSPAWN_LOCK=0 \
      systemd-nspawn -D $folder -b -M ${name} --keep-unit --notify-ready=yes --link-journal=no`,
    { timeout: 120 },
  );
}

export async function stopContainer(guest: Guest, name: string): Promise<void> {
  await guest.run(`systemctl stop ${name}; umount /mnt/${name} /mnt/${name}.layer`, { timeout: 60 });
}
