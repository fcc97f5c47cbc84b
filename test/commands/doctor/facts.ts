import type { Addon } from '../../../native/native.js';
import { buildLines, type Facts } from '../../../src/commands/doctor/facts.js';

const uuid = '11111111-2222-4333-8444-555555555555';
/** A host on which nothing is wrong. */
export const good: Facts = {
  platform: 'linux',
  ...{ shellTrouble: undefined, container: undefined, windows: undefined },
  shell: 'posix',
  build: buildLines('ID=debian\nVERSION_ID="12"\n', '6.1'),
  addon: { addon: {} as Addon },
  ssh: { version: 'OpenSSH_9.2p1 Debian', proxyCommand: "/opt/vmssh proxy --fdpass --typed '%n' '%h' %p" },
  config: {
    path: '/home/ann/.ssh/vmssh.conf',
    owner: 'ours',
    mainPath: '/home/ann/.ssh/config',
    isCurrent: true,
    isIncluded: true,
    fresh: 'units',
    pasted: false,
  },
  devices: { '/dev/vsock': 'ok', '/dev/vhost-vsock': 'ok', '/dev/kvm': 'ok' },
  modules: ['vsock', 'vhost_vsock'],
  machines: {
    machines: [
      { name: 'secret', target: 'qemu/secret', status: 'running', provider: 'libvirt', uuid, also: [] },
    ],
    warnings: [],
  },
  exposed: [],
  outside: { lines: [], problems: [] },
  toAdd: [],
  home: [],
  clients: [],
  sources: ['libvirt'],
};
