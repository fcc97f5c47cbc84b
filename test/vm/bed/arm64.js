/** @import { Log } from '../types.js' */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { debianPackage } from '../../../build/engine/debian-package.js';
import { ensureArm64, ensurePrograms } from '../images/cache.js';
import { qemuArm64, vhostDeviceVsock } from '../images/programs.js';
import { accessTo, consoleOf } from './access.js';
import { tail, withMore } from './execute.js';
import { supervise } from './supervise.js';

const qemuPackage = {
  name: 'qemu-system-arm',
  version: '1:10.0.13+ds-0+deb13u1',
  sha256: 'babb8ab3c9f5f045184bd8c20604237d28c1b5e6a578d7f400566b9f257b59e7',
  suite: 'trixie',
  orNewer: true,
};

/**
 * Boots a guest for arm64, on an emulated processor, and waits until ssh can log in over vsock, its only way in. Its sshd is also at
 * /run/sshd.sock.
 * @param {Log} [log]
 */
export async function bootArm64(log) {
  const [programs, image, qemu] = await Promise.all([
    ensurePrograms(log),
    ensureArm64(log),
    debianPackage(qemuPackage),
  ]);
  const folder = mkdtempSync('/tmp/vmssh-guest-');
  writeFileSync(
    `${folder}/plan.json`,
    JSON.stringify({ processes: processes(programs, image, qemu, folder) }),
  );
  const supervisor = await supervise(folder);
  const facts = {
    suite: /** @type {const} */ ('arm64'),
    cid: 42,
    folder,
    identity: `${image}/id_ed25519`,
    tcpPort: 0,
    muxPath: `${folder}/vsock.sock`,
    pids: { ...supervisor.pids, supervisor: supervisor.pid },
  };
  const guest = { ...facts, ...accessTo(facts, supervisor, 400), stop: supervisor.stop };
  try {
    await guest.ready();
    return guest;
  } catch (error) {
    const output = `\n--- console ---\n${tail(consoleOf(folder))}\n--- qemu ---\n${supervisor.log('qemu')}`;
    await supervisor.stop();
    throw withMore(error, output);
  }
}

/** @param {string} programs @param {string} image @param {string} qemu @param {string} folder */
function processes(programs, image, qemu, folder) {
  const [vsock, qmp] = [`${folder}/vhost-vsock.sock`, `${folder}/qmp.sock`];
  // As for the other guests: ./machine.js.
  const device = ['--guest-cid', '42', '--tx-buffer-size', '32768', '--socket', vsock];
  const argv = [
    ...[...qemuArm64(programs, qemu), '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...[
      '-machine',
      'virt,memory-backend=memory',
      '-cpu',
      'cortex-a72',
      '-accel',
      'tcg,thread=multi',
      '-smp',
      '2',
    ],
    ...['-m', '768M', '-object', 'memory-backend-memfd,id=memory,size=768M,share=on'],
    ...['-kernel', `${image}/vmlinuz`, '-initrd', `${image}/initrd`],
    ...['-append', 'audit=0 console=ttyAMA0 quiet mitigations=off random.trust_cpu=on rdinit=/init'],
    ...['-serial', `file:${folder}/console.log`, '-qmp', `unix:${qmp},server=on,wait=off`],
    ...[
      '-chardev',
      `socket,id=vsock,path=${vsock}`,
      '-device',
      'vhost-user-vsock-pci,chardev=vsock,romfile=',
    ],
  ];
  return [
    {
      name: 'vhost-device-vsock',
      argv: [...vhostDeviceVsock(programs), ...device, '--uds-path', `${folder}/vsock.sock`],
      socket: vsock,
    },
    { name: 'qemu', argv, socket: qmp },
  ];
}
