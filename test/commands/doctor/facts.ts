import type { Addon } from '../../../native/native.js';
import type { Facts } from '../../../src/commands/doctor/facts.js';

const uuid = '11111111-2222-4333-8444-555555555555';
/** A host on which nothing is wrong. */
export const good: Facts = {
  system: {
    platform: 'linux',
    shell: 'posix',
    vmssh: '1.2.3',
    runtime: 'Node v20',
    about: { commit: null, engine: { name: 'Node', version: '20.1.0' }, features: ['unix'] },
    os: 'ID=debian\nVERSION_ID="12"\n',
    kernel: '6.1',
    arch: 'x64',
  },
  addon: { addon: {} as Addon },
  ssh: { version: 'OpenSSH_9.2p1 Debian', proxyCommand: "/opt/vmssh proxy --fdpass --typed '%n' '%h' %p" },
  config: {
    path: '/home/ann/.ssh/vmssh.conf',
    owner: 'ours',
    mainPath: '/home/ann/.ssh/config',
    include: 'first',
    isCurrent: true,
    fresh: 'units',
    aside: 'mv -i /home/ann/.ssh/vmssh.conf /home/ann/.ssh/vmssh.conf.old && vmssh config install',
    pasted: false,
  },
  openFolders: [],
  openPrograms: [],
  devices: { '/dev/vsock': 'ok', '/dev/vhost-vsock': 'ok', '/dev/kvm': 'ok' },
  modules: ['vsock', 'vhost_vsock'],
  machines: {
    machines: [
      { name: 'secret', target: 'qemu/secret', status: 'running', provider: 'libvirt', uuid, also: [] },
    ],
    warnings: [],
  },
  exposed: [],
  providers: ['libvirt'],
};
