import { describe, expect, it } from 'vitest';
import type { ListedMachine } from '../../../src/discovery/merge.js';
import { concreteHosts } from '../../../src/ssh/config/hosts.js';
import { sshNames } from '../../../src/ssh/config/ssh-names.js';
import { configText } from '../../../src/ssh/config/text.js';

const uuid = '11111111-2222-4333-8444-555555555555';
const machine = (name: string, target: string, more: Partial<ListedMachine> = {}): ListedMachine => ({
  ...{ name, target, status: 'running', provider: target.split('/')[0] ?? '', also: [] },
  ...more,
});

/** What config install writes for these machines. */
function fileFor(machines: readonly ListedMachine[], platform: NodeJS.Platform = 'linux', fdpass = true) {
  const { hosts } = concreteHosts(machines, { prefix: 'vm-', taken: new Set(), knownHosts: '~/k' });
  return configText({ program: ["/o p't/vmssh"], fdpass, platform, hosts });
}

describe('the names that ssh takes', () => {
  const all = [
    machine('web', 'machine/web', { uuid }),
    machine("it's 100% proxy", "machine/it's 100% proxy"),
    machine('Größe', 'lima/Größe'),
    machine('twice', 'incus/twice'),
    machine('twice', 'lima/twice'),
  ];
  const want = ['vm-web', 'vm-it-s-100-proxy', 'vm-Größe', 'vm-twice-incus', 'vm-twice-lima'];

  it.each([
    { platform: 'linux', fdpass: true },
    { platform: 'linux', fdpass: false },
    { platform: 'win32', fdpass: false },
  ] as const)('are the Hosts of config install: $platform, fdpass $fdpass', ({ platform, fdpass }) => {
    const names = sshNames(fileFor(all, platform, fdpass), all, platform);
    expect(all.map((each) => names.get(each))).toEqual(want);
  });

  it('are of the machine that the Host leads to, whoever lists it', () => {
    const domain = machine('web', 'qemu/web', { also: ['machine/web'] });
    const other = machine('web', 'lima/web');
    const names = sshNames(fileFor(all), [domain, other], 'linux');
    expect([names.get(domain), names.get(other)]).toEqual(['vm-web', undefined]);
  });

  it.each([
    { name: 'an empty file', file: '' },
    { name: 'only patterns', file: configText({ program: ['/v'], fdpass: true }) },
    {
      name: 'a Host that is no host name',
      file: fileFor(all.slice(0, 1)).replaceAll('Host vm-web', 'Host $(reboot)'),
    },
    { name: 'a file that vmssh did not write', file: 'Host web\n    ProxyCommand nc proxy machine/web %p\n' },
  ])('are none for $name', ({ file }) => {
    expect(sshNames(file, all, 'linux').size).toBe(0);
  });

  it('are none for two machines that one Host may lead to', () => {
    const [web] = all;
    expect(web && sshNames(fileFor([web]), [web, { ...web }], 'linux').size).toBe(0);
  });

  it('are none for a name that an ssh_config cannot have', () => {
    const odd = machine('a\nb', 'machine/a\nb');
    expect(sshNames(fileFor(all), [odd], 'linux').get(odd)).toBeUndefined();
  });
});
