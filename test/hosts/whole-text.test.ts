import { expect, it } from 'vitest';
import { configText } from '../../src/hosts/text.js';

const web = { host: 'web', options: { knownHosts: '~/k', hostKeyAlias: 'vmssh-1' }, about: 'web of incus' };

/** The Host line of the patterns. */
function patterns() {
  const text = configText({ program: ['vmssh'], fdpass: false });
  return text.split('\n').filter((line) => line.startsWith('Host '));
}

it('the lines are these, with settings of the user above ours in each block', () => {
  const text = configText({
    program: ['/opt/vmssh'],
    fdpass: true,
    platform: 'linux',
    settings: [['ForwardAgent', 'yes']],
    hosts: [
      { ...web, names: ['WEB', 'w2'] },
      { ...web, host: 'db', about: 'db of lima' },
    ],
  });
  const typed = ['HostName %h', "ProxyCommand /opt/vmssh proxy --fdpass --typed '%n' '%h' %p"];
  const [ours, keyed] = [
    ['ProxyUseFdpass yes', 'CanonicalizeHostname no', 'CheckHostIP no'],
    ['GlobalKnownHostsFile /dev/null', 'HashKnownHosts no', 'UpdateHostKeys no', 'VerifyHostKeyDNS no'],
  ];
  const alive = ['ServerAliveInterval 15', 'ServerAliveCountMax 4'];
  const short = text.replaceAll(/^Host .*\*.*$/gm, 'Host PATTERNS');
  const paragraphs = short.split('\n\n').map((each) => each.trimEnd().split('\n    '));
  expect(paragraphs).toEqual([
    ['# vmssh: ssh into machines on this host without a network'],
    [
      '# ssh decides about a new host key, and refuses a changed one until "vmssh forget NAME".\nHost PATTERNS',
      ...['ForwardAgent yes', ...typed, ...ours],
      ...['UserKnownHostsFile ~/.ssh/vmssh_known_hosts', ...keyed, ...alive],
    ],
    ...['# web of incus\nHost web WEB w2', '# db of lima\nHost db'].map((head) => [
      ...[head, 'ForwardAgent yes', ...typed, ...ours],
      ...['HostKeyAlias vmssh-1', 'UserKnownHostsFile ~/k', ...keyed, ...alive],
    ]),
  ]);
});

it('an ssh that asks for host keys asks vmssh by an absolute path, and both know the files', () => {
  const lines = (options: Partial<Parameters<typeof configText>[0]>) =>
    configText({
      ...{ program: ["/home/a b'q/50%/node", '/x/vmssh.js'], fdpass: false, platform: 'linux' },
      ...{ asksForKeys: true, hosts: [web], keysFile: '/home/50% x/known' },
      ...{ keepsAlive: true, ...options },
    }).split('\n');
  const command = `    KnownHostsCommand "/home/a b'q/50%%/node" /x/vmssh.js host-key --file="/home/50%% x/known" --typed=%n -- %I %H %t %K`;
  const made = lines({});
  expect(made.filter((line) => line === command)).toHaveLength(2);
  expect(made.filter((line) => line.startsWith('Host '))).toEqual([...patterns(), 'Host web']);
  // A line of ours would displace the user's own word.
  expect(made.join()).not.toMatch(/StrictHostKeyChecking/);
  expect(made.filter((line) => /UserKnownHostsFile/.test(line))).toEqual([
    ...Array(2).fill('    UserKnownHostsFile "/home/50%% x/known.new" "/home/50%% x/known"'),
  ]);
  const forAll = lines({ keysFile: '~/.ssh/known' }).join('\n');
  expect(forAll).toContain(' --file=%d/.ssh/known ');
  expect(forAll).toContain('    UserKnownHostsFile %d/.ssh/known.new %d/.ssh/known\n');
  expect(made.join()).not.toMatch(/LogLevel|ServerAlive/);
  for (const older of [{ asksForKeys: false }, { platform: 'win32' as const }, { program: ['vmssh'] }])
    expect(lines(older).join()).not.toMatch(/KnownHostsCommand/);
});

it('a ":" is only in the spellings of libvirt for ssh: all others are for vmssh itself', () => {
  const colons = patterns().flatMap((line) => line.split(' ').filter((pattern) => pattern.includes(':')));
  expect(colons).toEqual(['qemu:system/*', 'qemu:session/*']);
});
