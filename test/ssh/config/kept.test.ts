import { describe, expect, it } from 'vitest';
import { hostBlocks, keptBlocks } from '../../../src/ssh/config/kept.js';

const block = (host: string, about: string, provider: string) =>
  `# ${about} of ${provider}\nHost ${host} x-*\n    ProxyCommand vmssh proxy ${provider}/${about} %p`;
const web = block('Web', 'web of all', 'incus');
const db = block('db', 'db', 'lima');
const file = `# vmssh: a comment\n\n# These names are addresses\nHost vsock/*\n    CheckHostIP no\n\n${web}\n\n${db}\n`;

describe('the blocks of machines', () => {
  it('are those with a comment of a machine', () =>
    expect(hostBlocks(file)).toEqual([
      { host: 'Web', provider: 'incus', about: 'web of all', text: web },
      { host: 'db', provider: 'lima', about: 'db', text: db },
    ]));

  it.each([
    'Host a\n    Port 1',
    '# a of b',
    '# a of b\nMatch host c',
    '# a of \nHost c',
    'x # a of b\nHost c',
    '# a of b\n\nHost c',
    '',
  ])('are none in %j', (text) => expect(hostBlocks(text)).toEqual([]));
});

describe('the blocks that are kept', () => {
  const now = (host: string) => ({ host, options: { knownHosts: undefined }, about: '' });
  it.each([
    { providers: [], hosts: [], want: [] },
    { providers: ['incus'], hosts: [], want: ['Web'] },
    { providers: ['lima', 'incus', 'qemu'], hosts: [], want: ['Web', 'db'] },
    { providers: ['lima', 'incus'], hosts: ['wEB'], want: ['db'] },
    { providers: ['lima', 'incus'], hosts: ['other', 'DB'], want: ['Web'] },
  ])('of $providers without $hosts are $want', ({ providers, hosts, want }) =>
    expect(keptBlocks(file, providers, hosts.map(now)).map(({ host }) => host)).toEqual(want),
  );
});
