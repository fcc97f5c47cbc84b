import { expect, it } from 'vitest';
import type { Kind } from '../../../src/kinds/kind.js';
import { kinds } from '../../../src/kinds/kinds.js';
import { configText } from '../../../src/ssh/config/text.js';

const kind = (name: string) => kinds.filter((each) => each.name === name);
const vsock = kind('vsock');
const web = { host: 'web', options: { knownHosts: '~/k', hostKeyAlias: 'vmssh-1' }, about: 'web of incus' };

/** The Host lines of the two blocks of patterns. */
function patterns(table: readonly Kind[]) {
  const text = configText({ program: ['vmssh'], fdpass: false, table });
  return text.split('\n').filter((line) => line.startsWith('Host '));
}

it('the lines are these, with settings of the user above ours in each block', () => {
  const text = configText({
    program: ['/opt/vmssh'],
    fdpass: true,
    platform: 'linux',
    table: [...vsock, ...kind('lima')],
    settings: [['ForwardAgent', 'yes']],
    hosts: [
      { ...web, names: ['WEB', 'w2'] },
      { ...web, host: 'db', about: 'db of lima' },
    ],
  });
  const [ours, keyed] = [
    ['ProxyUseFdpass yes', 'CheckHostIP no'],
    ['GlobalKnownHostsFile /dev/null', 'HashKnownHosts no', 'UpdateHostKeys no'],
  ];
  const paragraphs = text.split('\n\n').map((each) => each.trimEnd().split('\n    '));
  expect(paragraphs).toEqual([
    ['# vmssh: ssh into machines on this host without a network'],
    [
      '# These names are addresses: another machine may answer after each start, and nothing can sit in between.\nHost vsock/* vsock%*',
      ...['ForwardAgent yes', "ProxyCommand /opt/vmssh proxy --fdpass --typed '%n' '%h' %p", ...ours],
      ...['StrictHostKeyChecking no', 'UserKnownHostsFile /dev/null', 'LogLevel ERROR'],
    ],
    [
      '# These are machines: the first key is accepted, a changed one is refused until "vmssh forget NAME".\nHost lima/* lima%*',
      ...['ForwardAgent yes', "ProxyCommand /opt/vmssh proxy --fdpass --typed '%n' '%h' %p", ...ours],
      ...['StrictHostKeyChecking accept-new', 'UserKnownHostsFile ~/.ssh/vmssh_known_hosts', ...keyed],
    ],
    ...['# web of incus\nHost web WEB w2', '# db of lima\nHost db'].map((head) => [
      ...[head, 'ForwardAgent yes', "ProxyCommand /opt/vmssh proxy --fdpass --typed '%n' '%h' %p", ...ours],
      ...['HostKeyAlias vmssh-1', 'StrictHostKeyChecking accept-new', 'UserKnownHostsFile ~/k', ...keyed],
    ]),
  ]);
});

it('a ":" is only in the spellings of libvirt for ssh: all others are for vmssh itself', () => {
  const colons = patterns(kinds).flatMap((line) =>
    line.split(' ').filter((pattern) => pattern.includes(':')),
  );
  expect(colons).toEqual(['qemu:system/*', 'qemu:session/*']);
});

it('addresses behind a hypervisor are addresses too', () => {
  expect(patterns([...vsock, ...kind('via')])).toEqual([
    `Host vsock/* vsock%* ${['/*', '%*'].map((rest) => `via/*/vsock${rest} via%*%vsock${rest}`).join(' ')}`,
    'Host via/* via%*',
  ]);
  expect(patterns([...vsock, ...kind('lima')])).toEqual(['Host vsock/* vsock%*', 'Host lima/* lima%*']);
});
