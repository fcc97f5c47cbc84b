import type { Guest } from '../bed/guest.js';

/** What differs from the guest's own system. */
interface Differs {
  /** Shell commands that change the new root, run in it. */
  readonly prepare?: string;
  /** More arguments for systemd-nspawn. */
  readonly nspawn?: string;
  /** Its first process, in place of systemd. */
  readonly init?: string;
}

// Boots a systemd-nspawn container in the guest: its root is the guest's own, under an overlay in memory. Resolves once
// its systemd says that it is ready, and machined knows it. It is registered at machined and exports its sshd if the systemd is ≥ 256.
export async function startContainer(guest: Guest, name: string, differs: Differs = {}): Promise<void> {
  const { prepare = ':', nspawn = '', init } = differs;
  const [type, first] = init === undefined ? ['notify', '-b --notify-ready=yes'] : ['exec', ''];
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
    cd $folder
    ${prepare}
    systemd-run -q --unit=${name} -p Type=${type} -p NotifyAccess=all -p KillMode=mixed -p Delegate=yes \
      -E SYSTEMD_NSPAWN_LOCK=0 \
      systemd-nspawn -D $folder ${first} -M ${name} --keep-unit --link-journal=no ${nspawn} ${init ?? ''}
    until machinectl show ${name} >/dev/null 2>&1; do sleep 0.2; done`,
    { timeout: 120 },
  );
}

export async function stopContainer(guest: Guest, name: string): Promise<void> {
  await guest.run(`systemctl stop ${name}; umount /mnt/${name} /mnt/${name}.layer`, { timeout: 60 });
}
