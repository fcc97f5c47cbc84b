import { describe, expect, it } from 'vitest';
import type { ListedMachine } from '../../../src/discovery/merge.js';
import { concreteHosts, hostNames } from '../../../src/ssh/config/hosts.js';

const uuid = '11111111-2222-4333-8444-555555555555';
const machine = (name: string, more: Partial<ListedMachine> = {}): ListedMachine => ({
  ...{ name, target: `machine/${name}`, status: 'running', provider: 'machined', also: [] },
  ...more,
});

function hosts(machines: readonly ListedMachine[], prefix = '', taken: readonly string[] = []) {
  return concreteHosts(machines, { prefix, taken: new Set(taken), knownHosts: '~/hosts' });
}

describe('a Host of its own', () => {
  it('has what its manager knows, and its identity', () => {
    const [host] = hosts([
      machine('Mint 22', { uuid, user: 'u', identityFile: '/k', identityAgent: '/a' }),
    ]).hosts;
    expect(host).toEqual({
      host: 'Mint-22',
      pattern: 'mint-22* !mint-22?* 11111111?2222-4333-8444-555555555555',
      about: 'Mint 22 of machined',
      options: {
        ...{ target: 'machine/Mint 22', knownHosts: '~/hosts', hostKeyAlias: `vmssh-${uuid}` },
        ...{ user: 'u', identityFile: '/k', identityAgent: '/a' },
      },
    });
  });

  it.each([
    {
      name: 'the name of one without a UUID',
      input: machine('web'),
      want: { knownHosts: '~/hosts', hostKeyAlias: 'vmssh-machine%web' },
    },
    {
      name: 'nothing for an address',
      input: machine('fc', { target: 'vsock-mux/run/v.sock', provider: 'firecracker' }),
      want: { knownHosts: undefined, hostKeyAlias: undefined },
    },
  ])('keeps keys under $name', ({ input, want }) => {
    expect(hosts([input]).hosts[0]?.options).toMatchObject(want);
  });

  it.each([
    { name: 'two machines have', machines: [machine('a', { uuid }), machine('b', { uuid })] },
    { name: 'is all zeros', machines: [machine('a', { uuid: uuid.replaceAll(/\d/g, '0') })] },
    { name: 'another Host has', machines: [machine('a', { uuid })], taken: [uuid] },
  ])('does not answer to a UUID that $name', ({ machines, taken }) => {
    expect(hosts(machines, '', taken).hosts.map(({ pattern }) => pattern)).toEqual(
      machines.map(() => undefined),
    );
  });

  it('answers to its name in lower case too, unless that is another machine', () => {
    const made = hosts([machine('Windows 11 dev'), machine('plain')]).hosts;
    expect(made.map(({ host, pattern }) => `${host} ${pattern ?? ''}`)).toEqual([
      'Windows-11-dev windows-11-dev* !windows-11-dev?*',
      'plain ',
    ]);
  });

  it('is for what is typed by "via", too, unless that may be another machine', () => {
    const there = (name: string, kind: string) =>
      machine(name, { via: 'hv1', target: `via/hv1/${kind}/${name}`, provider: kind });
    const all = [
      there('mint', 'qemu'),
      there('Twice', 'qemu'),
      there('twice', 'incus'),
      there('a b', 'qemu'),
    ];
    expect(hosts(all).hosts.map(({ host, pattern }) => [host, pattern])).toEqual([
      ['mint.hv1', 'via/hv1?mint via%hv1?mint via/hv1?qemu?mint via%hv1?qemu?mint'],
      ['Twice-qemu.hv1', 'twice-qemu.hv1* !twice-qemu.hv1?* via/hv1?qemu?Twice via%hv1?qemu?Twice'],
      ['twice-incus.hv1', 'via/hv1?incus?twice via%hv1?incus?twice'],
      ['a-b.hv1', undefined],
    ]);
  });

  it('says which is which if two names differ only in case', () => {
    const twin = { provider: 'hyper-v', target: 'hyper-v/86e0c1e9-782c-47e0-b7c2-99f8167f5178' };
    const other = { provider: 'hyper-v', target: 'hyper-v/87e0c1e9-782c-47e0-b7c2-99f8167f5178' };
    const made = hosts([machine('Mint', twin), machine('mint', other)]).hosts;
    expect(made.map(({ host, about, pattern }) => [host, about, pattern])).toEqual([
      ['Mint-hyper-v', `Mint (${twin.target}) of hyper-v`, undefined],
      ['mint-hyper-v', `mint (${other.target}) of hyper-v`, undefined],
    ]);
  });

  it.each([
    { name: 'a prefix', machines: [machine('a.b')], prefix: 'vm-', want: ['vm-a.b'] },
    {
      name: 'the provider, if two have one name',
      machines: [machine('a'), machine('A', { provider: 'lima', target: 'lima/A' })],
      want: ['a-machined', 'A-lima'],
    },
  ])('is distinguished by $name', ({ machines, prefix = '', want }) => {
    expect(hosts(machines, prefix).hosts.map(({ host }) => host)).toEqual(want);
  });

  it.each([
    { name: 'could be a host on a network', input: [machine('example.com')], why: /^with a dot/ },
    {
      name: 'is one already',
      input: [machine('Git')],
      why: /^your ssh configuration already has a Host Git/,
    },
    { name: 'is empty', input: [machine('*')], why: /no character/ },
    { name: 'steers the file', input: [machine('a\nProxyCommand x')], why: /control character/ },
  ])('is not made if the name $name', ({ input, why }) => {
    const { hosts: made, left } = hosts(input, '', ['git']);
    expect(made).toHaveLength(input.length - 1);
    expect(left[0]?.why).toMatch(why);
  });
});

describe('names of which only one can be a host name', () => {
  it.each([
    { name: 'one name twice', input: [machine('a'), machine('a')] },
    { name: 'names that differ in what no host name has', input: [machine('a b'), machine("a'b")] },
    {
      name: 'the name and provider of others',
      input: [machine('a-lima'), machine('a'), machine('a', { provider: 'lima', target: 'lima/a' })],
      want: ['a-machined'],
    },
  ])('have no Host: $name', ({ input, want = [] }) => {
    for (const machines of [input, input.toReversed()]) {
      const { hosts: made, left } = hosts(machines);
      expect(made.map(({ host }) => host)).toEqual(want);
      for (const { why } of left) expect(why).toMatch(/^another machine would be Host \S+ too/);
    }
  });
});

describe('a machine without a name', () => {
  it('has no Host, and is not mentioned', () => {
    const { hosts: made, left } = hosts([
      machine('qemu-77', { provider: 'qemu', pid: 77 }),
      machine('qemu-78'),
    ]);
    expect(made.map(({ host }) => host)).toEqual(['qemu-78']);
    expect(left).toEqual([]);
  });
});

describe('names that a configuration has', () => {
  it('are the concrete ones of Host lines', () => {
    const config = 'Host Git *.example !x "Q w"\n  host=b\r\nHostName c\nMatch host d\n# Host e\n';
    expect([...hostNames(config)]).toEqual(['git', 'q w', 'b']);
  });

  it('are none without characters', () => {
    expect([...hostNames('Host "" a\nHost b "')]).toEqual(['a', 'b']);
  });
});
