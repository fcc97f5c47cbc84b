// Scripts for a guest of the suite "hypervisor" whose /vm second-level.sh has filled.

interface Machine {
  readonly name: string;
  readonly uuid: string;
  readonly cid: number;
  /** Of `ip netns`, for its QEMU. */
  readonly network?: string;
}

export const kernelLine = (name: string) =>
  `console=ttyS0 quiet mitigations=off random.trust_cpu=on tsc=reliable no_timer_check audit=0 hostname=${name}`;

/** Starts a machine by QEMU without libvirt, from its kernel or from the file of `saved`. `waits`: until QEMU ends. */
export function started({
  name,
  uuid,
  cid,
  from = 'kernel',
  network,
  waits = false,
}: Machine & { readonly from?: 'kernel' | 'saved'; readonly waits?: boolean }): string {
  return `systemd-run -q --collect --unit=${name} --slice=machine ${waits ? '--pipe --wait' : ''} \
    ${network ? `ip netns exec ${network}` : ''} qemu-system-x86_64 -name ${name} -uuid ${uuid} \
    -machine q35 -accel kvm -cpu host -m 192M -nodefaults -no-user-config -display none \
    -kernel /vm/vmlinux -initrd /vm/initrd -append '${kernelLine(name)}' \
    -serial file:/vm/${name}.console -monitor unix:/vm/${name}.monitor,server=on,wait=off \
    -device vhost-vsock-pci,guest-cid=${cid} ${from === 'saved' ? `-incoming file:/vm/${name}.saved` : ''}`;
}

/** Writes a machine to a file and ends it. */
export function saved({ name }: { readonly name: string }): string {
  return `printf 'migrate file:/vm/${name}.saved\\nquit\\n' | socat -t100 - UNIX-CONNECT:/vm/${name}.monitor
    while systemctl is-active -q ${name}; do sleep 0.2; done`;
}

/** Waits until a machine's SSH server listens. */
export function up({ name }: { readonly name: string }): string {
  return `until grep -q '^up' /vm/${name}.console; do sleep 0.5; done`;
}

const agentPort = `<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>`;

/** The same machine for libvirt, with the port of its guest agent. */
export function domain({ name, uuid, cid }: Machine): string {
  return defined(
    { name, uuid, memory: 192, initrd: '/vm/initrd', line: kernelLine(name) },
    `<serial type='file'><source path='/vm/${name}.console'/></serial>
      ${agentPort}
      <vsock model='virtio'><cid auto='no' address='${cid}'/></vsock>`,
  );
}

/** For a machine of the guest's own image, without some of its services. */
const plainLine = (name: string) =>
  [
    `${kernelLine(name)} systemd.hostname=${name} systemd.condition_needs_update=no systemd.mask=machines.target`,
    ...['libvirtd', 'libvirt-guests', 'virtlogd', 'incus-startup', 'lxcfs', 'pesign', 'ssh'].map(masked),
    ...['systemd-networkd', 'getty@tty1', 'lxd', 'lxd-containers'].map(masked),
  ].join(' ');

const masked = (service: string) => `systemd.mask=${service}.service`;

/**
 * A machine of the guest's own image for libvirt: Debian with systemd, an sshd and QEMU's guest agent, and without a vsock device. What
 * it writes is in `disk`; root is logged in at its console. `ports`: of PCI Express, for devices that are plugged in.
 */
export function plainDomain({
  name,
  uuid,
  disk,
  ports = 0,
  channel = true,
}: Omit<Machine, 'cid'> & {
  readonly disk: string;
  readonly ports?: number;
  readonly channel?: boolean;
}): string {
  return defined(
    { name, uuid, memory: 512, initrd: '/vm/plain-initrd', line: plainLine(name) },
    `<disk type='file'><driver name='qemu' type='qcow2'/><source file='${disk}'/><target dev='vda' bus='virtio'/></disk>
      ${Array.from({ length: ports }, (_, i) => `<controller type='pci' model='pcie-root-port' index='${i + 1}'/>`).join('')}
      ${channel ? agentPort : ''}
      <serial type='pty'/>`,
  );
}

function defined(
  { name, uuid, memory, initrd, line }: Omit<Machine, 'cid'> & Readonly<Record<string, string | number>>,
  devices: string,
): string {
  return `<domain type='kvm'>
    <name>${name}</name>
    <uuid>${uuid}</uuid>
    <memory unit='MiB'>${memory}</memory>
    <os>
      <type arch='x86_64' machine='q35'>hvm</type>
      <kernel>/vm/vmlinux</kernel>
      <initrd>${initrd}</initrd>
      <cmdline>${line}</cmdline>
    </os>
    <features><acpi/></features>
    <cpu mode='host-passthrough'/>
    <devices>
      <controller type='usb' model='none'/>
      <memballoon model='none'/>
      ${devices}
    </devices>
  </domain>`;
}

/** Makes the same machine for Incus, which gives it a CID. */
export function ofIncus(name: string): string {
  const kernel = `-kernel /vm/vmlinux -initrd /vm/initrd -append "${kernelLine(name)}"`;
  return created('incus', name, 256, kernel);
}

/** Makes and starts the same as plainDomain's for Incus or LXD, waits for its agent, and takes all keys out of it. `kernel`: its file. */
export function plainOfIncus(client: 'incus' | 'lxc', name: string, kernel = '/vm/vmlinux'): string {
  const system = `-kernel ${kernel} -initrd /vm/plain-initrd -append "${plainLine(name)}"`;
  const drive = `-drive file=/vm/${name}.qcow2,if=none,id=plain -device virtio-blk-pci,drive=plain`;
  // The processor that Incus gives it, with Hyper-V's extensions, resets it now and then where the host's is emulated.
  return `qemu-img create -q -f qcow2 -b /dev/vdb -F raw /vm/${name}.qcow2 &&
    ${created(client, name, 512, `${system} ${drive} -cpu host`)} &&
    ${client === 'incus' ? `incus config device add ${name} agent disk source=agent:config` : forLxd(name)} &&
    ${client} start ${name} &&
    until ${client} exec ${name} true; do ${client === 'incus' ? 'sleep 2' : startsAgent(name)}; done 2>/dev/null &&
    ${client} exec ${name} -- bash -c 'rm -r /root/.ssh /home/tester/.ssh /etc/ssh/ssh_host_*'`;
}

/** LXD's profile of AppArmor knows no files of /vm. A kernel has the place of the first device to boot from: so a folder, which has none, comes first. */
const forLxd = (name: string) =>
  `lxc config set ${name} raw.apparmor "$(printf '/vm/* rwk,\\n/dev/vdb rk,')" && chmod o+r /dev/vdb && chown nobody /vm/${name}.qcow2 &&
    lxc config device add ${name} share disk source=/srv path=/srv boot.priority=10`;

/** Debian's lxd-agent does not wait for its port: it is started on the machine's console. */
const startsAgent = (name: string) =>
  `(sleep 1; printf '\\nsystemctl start lxd-agent\\n'; sleep 8) | timeout 10 script -qec 'lxc console ${name}' /dev/null >/dev/null || :`;

function created(client: 'incus' | 'lxc', name: string, memory: number, arguments_: string): string {
  return `${client} init ${name} --empty --vm --config security.secureboot=false --config limits.memory=${memory}MiB \
    --config limits.cpu=1 --config raw.qemu='${arguments_}' --device root,size=64MiB`;
}
