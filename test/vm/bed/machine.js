/** @import { BootPlan, GuestProgram } from '../types.js' */
import { qemu, vhostDeviceVsock, virtiofsd } from '../images/programs.js';

/**
 * The programs that make one guest, in starting order. All their files are in `folder`.
 * @param {BootPlan & { readonly folder: string }} options
 * @returns {GuestProgram[]}
 */
export function machine(options) {
  const { programs, image, folder, cid, share, net, vsock, memory, cpu, reboots } = options;
  const { append = '', credentials = {}, vendor, qemu: more = [] } = options;
  const kernelLine = [
    append.includes('audit=') ? '' : 'audit=0', // what was off once cannot be switched on later in the line
    'console=ttyS0 quiet mitigations=off random.trust_cpu=on tsc=reliable no_timer_check',
    'rcupdate.rcu_expedited=1',
    append,
  ];
  /** @type {GuestProgram[]} */
  const processes = [];
  /** @type {string[]} */
  const devices = [];
  if (vsock) {
    const socket = `${folder}/vhost-vsock.sock`;
    // Never --forward-cid: that would use this machine's own AF_VSOCK. The buffer is the credit that the guest gets:
    // larger packets come in several descriptors, of which the device takes the first only, and data is lost.
    const credit = ['--tx-buffer-size', '32768'];
    const args = [
      '--guest-cid',
      `${cid}`,
      ...credit,
      '--socket',
      socket,
      '--uds-path',
      `${folder}/vsock.sock`,
    ];
    processes.push({ name: 'vhost-device-vsock', argv: [...vhostDeviceVsock(programs), ...args], socket });
    const bus = vsock === 'root-port' ? ',bus=root-port' : '';
    if (bus) devices.push('-device', 'pcie-root-port,id=root-port');
    devices.push('-chardev', `socket,id=vsock,path=${socket}`);
    devices.push('-device', `vhost-user-vsock-pci,chardev=vsock${bus}`);
  }
  if (share) {
    const socket = `${folder}/virtiofs.sock`;
    const args = ['--socket-path', socket, '--shared-dir', share, '--cache', 'auto'];
    processes.push({ name: 'virtiofsd', argv: [...virtiofsd(programs), ...args], socket });
    devices.push('-chardev', `socket,id=share,path=${socket}`);
    devices.push('-device', 'vhost-user-fs-pci,chardev=share,tag=host');
  }
  if (net) {
    const port = net === true ? 0 : net;
    devices.push('-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${port}-:22`);
    devices.push('-device', 'virtio-net-pci,netdev=net,romfile=');
  }
  const argv = [
    ...qemu(programs),
    ...['-nodefaults', '-no-user-config', '-display', 'none', ...(reboots ? [] : ['-no-reboot'])],
    ...[
      '-machine',
      'q35,memory-backend=memory',
      '-m',
      `${memory}M`,
      '-smp',
      '2',
      '-cpu',
      vendor ? `${cpu},-hypervisor` : cpu,
    ],
    ...['-accel', 'tcg,thread=multi', '-object', `memory-backend-memfd,id=memory,size=${memory}M,share=on`],
    ...[
      '-kernel',
      `${image}/vmlinuz`,
      '-initrd',
      `${image}/initrd`,
      '-append',
      kernelLine.filter(Boolean).join(' '),
    ],
    ...['-drive', `file=${image}/root.ext4,if=none,id=disk,format=raw,snapshot=on,cache=unsafe`],
    ...['-device', 'virtio-blk-pci,drive=disk', '-device', 'virtio-rng-pci'],
    ...['-serial', `file:${folder}/console.log`],
    // Without the CPU's hypervisor bit systemd goes by these.
    ...(vendor ? ['-smbios', `type=0,vendor=${vendor}`, '-smbios', `type=1,manufacturer=${vendor}`] : []),
    ...Object.entries(credentials).flatMap(([name, text]) => ['-smbios', smbiosString(name, text)]),
    ...['-qmp', `unix:${folder}/qmp.sock,server=on,wait=off`],
    ...devices,
    ...more,
  ];
  processes.push({ name: 'qemu', argv, socket: `${folder}/qmp.sock` });
  return processes;
}

/**
 * SMBIOS strings of type 11 are how systemd 252 and later get credentials from QEMU: systemd.system-credentials(7).
 * @param {string} name
 * @param {string} text
 */
function smbiosString(name, text) {
  return `type=11,value=io.systemd.credential.binary:${name}=${Buffer.from(text).toString('base64')}`;
}
