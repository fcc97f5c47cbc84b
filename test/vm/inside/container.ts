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
    `${rootMade(name, `/mnt/${name}`, prepare)}
    systemd-run -q --unit=${name} -p Type=${type} -p NotifyAccess=all -p KillMode=mixed -p Delegate=yes \
      -E SYSTEMD_NSPAWN_LOCK=0 \
      systemd-nspawn -D $folder ${first} -M ${name} --keep-unit --link-journal=no ${nspawn} ${init ?? ''}
    until machinectl show ${name} >/dev/null 2>&1; do sleep 0.2; done`,
    { timeout: 400 },
  );
}

export async function stopContainer(guest: Guest, name: string): Promise<void> {
  await guest.run(`systemctl stop ${name}; umount /mnt/${name} /mnt/${name}.layer`, { timeout: 60 });
}

/** The same as a container of Podman, whose systemd exports its sshd to /srv/NAME. Resolves once that socket is there. */
export async function startUnderPodman(guest: Guest, name: string, prepare: string): Promise<void> {
  await guest.run(
    `${rootMade(name, `/mnt/${name}`, prepare)}
    mkdir -p /srv/${name}
    podman run --detach --name ${name} --hostname ${name} --network none --systemd=always \
      --volume /srv/${name}:/run/host/unix-export --rootfs $folder /sbin/init
    until test -S /srv/${name}/ssh; do sleep 0.2; done`,
    { timeout: 400 },
  );
}

/** The same as an image in /var/lib/machines, which machinectl starts. */
export async function makeImage(guest: Guest, name: string, prepare: string): Promise<void> {
  await guest.run(
    `${rootMade(name, `/var/lib/machines/${name}`, prepare)}
    mkdir -p /etc/systemd/nspawn /etc/systemd/system/systemd-nspawn@.service.d
    printf '[Exec]\\nPrivateUsers=no\\n[Network]\\nVirtualEthernet=no\\n' >/etc/systemd/nspawn/${name}.nspawn
    printf '[Service]\\nEnvironment=SYSTEMD_NSPAWN_LOCK=0\\n' >/etc/systemd/system/systemd-nspawn@.service.d/lock.conf
    systemctl daemon-reload`,
    { timeout: 60 },
  );
}

/** A script that runs one in a machine's root folder: as its root, with the guest's own programs. `pid` prints a process of the machine. */
export function inRootOf(pid: string, script: string): string {
  return `pid=$(${pid}) enter=
    [ $(readlink /proc/$pid/ns/user) = $(readlink /proc/self/ns/user) ] || enter="nsenter --target $pid --user --setuid 0 --setgid 0"
    $enter bash -s $pid <<'E'
    set -e; cd /proc/$1/root
    ${script}
E`;
}

/** A script that makes a root in $folder: the guest's own, under an overlay in memory. */
function rootMade(name: string, folder: string, prepare: string): string {
  return `set -e
    layer=/mnt/${name}.layer
    folder=${folder}
    mkdir -p $layer $folder
    mount -t tmpfs -o mode=755 layer $layer
    mkdir $layer/upper $layer/work
    mount -t overlay -o lowerdir=/,upperdir=$layer/upper,workdir=$layer/work overlay $folder
    : >$folder/etc/machine-id
    echo ${name} >$folder/etc/hostname
    ln -sf /dev/null $folder/etc/systemd/system/ssh.service
    ln -sf /dev/null $folder/etc/systemd/system/systemd-networkd.service
    cd $folder
    ${prepare}
    cd /`;
}
