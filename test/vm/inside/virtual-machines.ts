// Scripts for a guest of the suite "hypervisor" whose /vm second-level.sh has filled.

interface Machine {
  readonly name: string;
  readonly uuid: string;
  readonly cid: number;
  /** Of `ip netns`, for its QEMU. */
  readonly network?: string;
}

const kernelLine = (name: string) =>
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

/** The same machine for libvirt, with the port of its guest agent. */
export function domain({ name, uuid, cid }: Machine): string {
  return `<domain type='kvm'>
    <name>${name}</name>
    <uuid>${uuid}</uuid>
    <memory unit='MiB'>192</memory>
    <os>
      <type arch='x86_64' machine='q35'>hvm</type>
      <kernel>/vm/vmlinux</kernel>
      <initrd>/vm/initrd</initrd>
      <cmdline>${kernelLine(name)}</cmdline>
    </os>
    <features><acpi/></features>
    <cpu mode='host-passthrough'/>
    <devices>
      <controller type='usb' model='none'/>
      <memballoon model='none'/>
      <serial type='file'><source path='/vm/${name}.console'/></serial>
      <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
      <vsock model='virtio'><cid auto='no' address='${cid}'/></vsock>
    </devices>
  </domain>`;
}

/** Makes the same machine for Incus, which gives it a CID. */
export function ofIncus(name: string): string {
  const kernel = `-kernel /vm/vmlinux -initrd /vm/initrd -append "${kernelLine(name)}"`;
  return `incus create ${name} --empty --vm --config security.secureboot=false --config limits.memory=256MiB \
    --config limits.cpu=1 --config raw.qemu='${kernel}' --device root,size=64MiB`;
}
