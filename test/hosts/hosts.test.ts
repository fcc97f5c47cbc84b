import { describe, expect, it } from 'vitest';
import { exact } from '../../src/book/identity.js';
import { isAddress } from '../../src/book/names.js';
import { keptFor } from '../../src/book/same.js';
import { concreteHosts, sharedUuidProblem } from '../../src/hosts/hosts.js';
import { configText } from '../../src/hosts/text.js';
import type { ListedMachine } from '../../src/sources/merge.js';

const uuid = '11111111-2222-4333-8444-555555555555';
const zeros = { uuid: uuid.replaceAll(/\d/g, '0') };
const machine = (name: string, more: Partial<ListedMachine> = {}): ListedMachine => ({
  name,
  target: `machine/${name}`,
  status: 'running',
  provider: 'machined',
  also: [],
  ...more,
});
/** One of another hypervisor. */
const there = (via: string, name: string, more: Partial<ListedMachine> = {}) =>
  machine(name, { via, target: `via/${via}/qemu/${name}`, provider: 'qemu', ...more });

/** `used`: the names that the user has. */
function hosts(
  machines: readonly ListedMachine[],
  { used = [], ...more }: Partial<Parameters<typeof concreteHosts>[1]> & { used?: readonly string[] } = {},
) {
  const taken = (name: string) => (used.includes(name.toLowerCase()) ? 'taken' : undefined);
  return concreteHosts(machines, { prefix: '', taken, knownHosts: '~/hosts', ...more });
}

/** What is kept of each after a run that had these. */
function keptOf(machines: readonly ListedMachine[]) {
  return keptFor(hosts(machines).entries, machines);
}

it("a Host of an earlier run goes once its name is the user's", () => {
  const kept = hosts([machine('git'), machine('web')]).entries;
  expect(hosts([], { used: ['git'], kept }).entries.map(({ host }) => host)).toEqual(['web']);
});

describe('a Host of its own', () => {
  it('has what its manager knows, and its identity', () => {
    const login = { user: 'u', identityFile: '/k' };
    const [host] = hosts([machine('Mint 22', { uuid, ...login })]).hosts;
    expect(host).toEqual({
      ...{ host: 'Mint-22', names: ['mint-22', uuid], about: 'Mint 22 of machined' },
      options: {
        target: 'machine/Mint 22',
        knownHosts: '~/hosts',
        hostKeyAlias: `vmssh-${uuid}`,
        ...login,
        lookedUp: exact('Mint-22'),
      },
    });
  });

  it.each([
    { prefix: '', name: 'web', want: 'web' },
    { prefix: 'vm-', name: 'web', want: 'web' },
    { prefix: 'vm-', name: 'web.lab', want: 'web.lab' },
  ])('is looked up by $want, called $prefix$name', ({ prefix, name, want }) => {
    const [host] = hosts([machine(name, { uuid })], { prefix }).hosts;
    expect(host).toMatchObject({ host: `${prefix}${name}`, options: { lookedUp: want } });
  });

  it('is looked up by no name that means two machines, and behind a hypervisor with that', () => {
    const all = [
      machine('web', { target: 'machine/web' }),
      machine('vm-web', { target: 'machine/vm-web' }),
      there('hv1', 'web'),
    ];
    const names = hosts(all, { prefix: '' }).hosts.map(({ options }) => options.lookedUp);
    expect(names).toEqual(['web', 'vm-web', 'web.hv1']);
    const twins = hosts([
      machine('Web', { target: 'machine/Web' }),
      machine('web', { target: 'machine/web' }),
    ]).hosts;
    expect(new Set(twins.map(({ options }) => options.lookedUp)).size).toBe(twins.length);
  });

  it('has its target as a name if an sshd is brought there, which the pattern for all does not know', () => {
    const all = ['web', 'db'].map((name) => machine(name, { target: `incus/${name}`, provider: 'incus' }));
    const [web] = hosts(all).entries;
    const recordOf = ({ name }: ListedMachine) =>
      name === web?.name ? { ...web, login: { brings: true as const } } : undefined;
    const made = hosts(all, { recordOf }).hosts;
    expect(made.map(({ names, options: { bring } }) => ({ names, bring }))).toEqual([
      { names: ['incus/web', 'incus%web'], bring: true },
      { names: undefined, bring: undefined },
    ]);
  });

  it('has its target as a name if it is of WSL, whose key is under one name only then', () => {
    const [host] = hosts([machine('Ubuntu', { target: 'wsl/Ubuntu', provider: 'wsl' })]).hosts;
    const targets = ['wsl/Ubuntu', 'wsl%Ubuntu', 'wsl/ubuntu', 'wsl%ubuntu'];
    expect(host?.names).toEqual(['ubuntu', ...targets]);
  });

  it("has Hyper-V's id in capitals too, as WMI prints it", () => {
    const id = 'aaaaaaaa-2222-4333-8444-555555555555';
    const [host] = hosts([machine('mint', { uuid: id, provider: 'hyper-v', target: 'hyper-v/mint' })]).hosts;
    expect(host?.names).toEqual(expect.arrayContaining([id, id.toUpperCase()]));
    const text = configText({ program: ['/v'], fdpass: false, hosts: host ? [host] : [] });
    expect(text).toMatch(new RegExp(`^Host ${id.toUpperCase()}\\n {4}ProxyCommand .*hyper-v/`, 'm'));
  });

  it('has the key that was made beforehand for a machine of this host, not for its namesake elsewhere', () => {
    const keys = { folder: '/g', alias: 'vmssh-guest-web', knownHosts: '/g/web', identityFile: undefined };
    const guests = [{ name: 'web', ...keys }];
    const namesake = there('hv1', 'web');
    const [own, other] = hosts([machine('web'), namesake], { guests }).hosts.map(({ options }) => options);
    expect(own).toMatchObject({ hostKeyAlias: 'vmssh-guest-web', knownHosts: '/g/web', onlyKnown: true });
    expect(other).toEqual(hosts([namesake]).hosts[0]?.options);
  });

  it("is not for another user's machine or one in a container, which take no name and no UUID", () => {
    const other = { uuid, authority: 'other' } as const;
    const made = hosts([
      machine('vsock/3', { target: 'vsock/3', authority: 'other' }),
      machine('web', { ...other, target: 'incus/web', provider: 'incus' }),
      machine('web', { uuid }),
    ]);
    expect(made).toMatchObject({
      hosts: [{ host: 'web', names: [uuid, 'machine/web', 'machine%web'] }],
      left: [{ name: 'web' }],
      shared: [],
    });
  });

  it.each([
    { name: uuid, form: 'an id' },
    { name: `{${uuid.toUpperCase()}}`, form: 'an id in braces' },
    { name: uuid.replaceAll('-', ''), form: 'an id without dashes' },
  ])('is not for a machine whose name is $form of another: that machine keeps its id', ({ name }) => {
    const all = [
      machine(name, { uuid: '22222222-2222-4333-8444-555555555555', provider: 'hyper-v' }),
      machine(name, { provider: 'wsl', target: 'wsl/x', via: 'hv1' }),
      machine('web', { uuid }),
      there('hv1', 'db', { uuid }),
    ];
    expect(hosts(all.slice(0, 1))).toMatchObject({ hosts: [], left: [{ name }] });
    const { hosts: made } = hosts(all);
    expect(made.find(({ host }) => host === 'web')?.names).toEqual([uuid, 'machine/web', 'machine%web']);
    expect(made.find(({ host }) => host === 'db.hv1')?.names).toContain(`via/hv1/${uuid}`);
    expect(made.map(({ host }) => host)).not.toContain(uuid);
  });

  it('of an earlier run goes if its name is the id of another machine, and stays if it is its own', () => {
    const entry = { host: uuid, name: uuid, target: 'wsl/x', provider: 'wsl' };
    const keep = (uuid?: string) => hosts([], { kept: [{ ...entry, uuid }] });
    expect(keep().entries).toEqual([]);
    expect(keep(uuid).entries).toHaveLength(1);
    expect(hosts([machine(uuid, { uuid })]).hosts).toMatchObject([{ host: uuid }]);
  });

  it('is of the scope or project where one manager has the name twice, never with a dot, and stays', () => {
    const of = (provider: string, part: string, more: Partial<ListedMachine> = {}) =>
      machine('web', { provider, part, target: `machine/${provider}-${part}`, ...more });
    const both = [of('libvirt', 'system'), of('libvirt', 'session')];
    const [in1, in2] = ['1', '2'].map((id) => ({ via: 'h', target: `via/h/machine/${id}` }));
    const names = (...args: Parameters<typeof hosts>) => hosts(...args).hosts.map(({ host }) => host);
    expect(names(both)).toEqual(['web-system', 'web-session']);
    expect(names([of('incus', 'client.a'), of('incus', 'default')])).toEqual(['web-client-a', 'web-default']);
    expect(names([...both, of('docker', '')])).toEqual(['web-system', 'web-session', 'web-docker']);
    expect(names([of('incus', 'a', in1), of('incus', 'b', in2)])).toEqual(['web-a.h', 'web-b.h']);
    expect(names(both.slice(1), { recordOf: keptOf(both) })).toEqual(['web-session']);
    expect(names(both, { recordOf: keptOf(both.slice(0, 1)) })).toEqual(['web', 'web-session']);
    expect(hosts([of('incus', 'a'), of('incus', 'a', { target: 'machine/2' })]).left).toHaveLength(2);
  });

  it('is not for a container that is off, whose name stays its own, but where it had one before', () => {
    const container = { id: 'a'.repeat(64), labels: {} };
    const of = (provider: string, name: string, status: ListedMachine['status']) =>
      machine(name, { provider, target: `${provider}/${name}`, status, container });
    const all = [of('podman', 'web', 'running'), of('docker', 'web', 'off'), of('docker', 'db', 'paused')];
    expect(hosts([...all, of('docker', 'gone', 'off')])).toMatchObject({
      hosts: [{ host: 'web-podman' }, { host: 'db' }],
      left: [],
    });
    for (const start of ['terminal', ['web-docker'], ['docker/web']] as const)
      expect(hosts(all, { start }).hosts.map(({ host }) => host)).toEqual(['web-podman', 'web-docker', 'db']);
    expect(hosts(all, { start: ['db'] }).hosts.map(({ host }) => host)).toEqual(['web-podman', 'db']);
    const web = [of('podman', 'web', 'running')];
    const off = hosts([of('podman', 'web', 'off')], { recordOf: keptOf(web) });
    expect(off.entries).toEqual(hosts(web).entries);
  });

  it.each([
    {
      name: 'the name of one without a UUID',
      input: machine('web'),
      want: { knownHosts: '~/hosts', hostKeyAlias: 'vmssh-machine%web' },
    },
    {
      name: 'nothing for an address',
      input: machine('vm', { target: 'vsock/3', provider: 'crosvm' }),
      want: { knownHosts: '~/hosts', hostKeyAlias: undefined },
    },
    ...(['user', undefined] as const).map((authority) => ({
      name: `the name and the owner of one without a manager: ${authority ?? 'the system'}`,
      input: machine('fc', { target: 'firecracker/fc', provider: 'firecracker', authority }),
      want: {
        target: 'firecracker/fc',
        knownHosts: '~/hosts',
        hostKeyAlias: `vmssh-firecracker${authority ? '-user' : ''}%fc`,
      },
    })),
  ])('keeps keys under $name', ({ input, want }) => {
    expect(hosts([input]).hosts[0]?.options).toMatchObject(want);
  });

  it.each([
    { name: 'two machines have', machines: [machine('a', { uuid }), machine('b', { uuid })] },
    { name: 'is all zeros', machines: [machine('a', zeros)] },
    { name: 'is all zeros there', machines: [there('hv1', 'a', zeros)] },
    { name: 'another Host has', machines: [machine('a', { uuid })], taken: [uuid] },
  ])('does not answer to a UUID that $name', ({ machines, taken }) => {
    const names = hosts(machines, taken && { used: taken }).hosts.flatMap((host) => host.names ?? []);
    expect(names.filter((each) => each.includes('-'))).toEqual([]);
  });

  it.each([
    'vsock-mux/proc/3483/root/v.sock',
    'unix/proc/7/root/x',
    'via/hv1/vsock-mux/proc/9/root/v',
    'vsock-mux/run/v.sock',
  ])('is not written for a socket of a machine that has no name to type: %s', (target) => {
    const { hosts: made, entries, left } = hosts([machine('fc', { target, provider: 'firecracker' })]);
    expect({ made, entries }).toEqual({ made: [], entries: [] });
    expect(left).toMatchObject([{ name: 'fc', why: expect.stringContaining('type its target') }]);
  });

  it('is for the target too of a machine whose owner counts: the pattern for all does not know him', () => {
    const made = hosts([machine('fc', { target: 'firecracker/fc', provider: 'firecracker' })]).hosts;
    expect(made.map(({ names }) => names)).toEqual([['firecracker/fc', 'firecracker%fc']]);
  });

  it('is for its targets too if its login has more than the pattern for all of a kind, and for no address', () => {
    const made = hosts([
      machine('Dev', { provider: 'lima', target: 'lima/Dev', also: ['qemu/lima-Dev', 'vsock/3'], user: 'u' }),
      machine('plain'),
      machine('two', { identityFile: '/k', also: ['qemu:system/twice'] }),
      machine('three', { identityFile: '/k', also: ['qemu:system/twice'] }),
      machine('c', { provider: 'crosvm', target: 'vsock/7', user: 'u' }),
    ]).hosts;
    expect(made.map(({ names }) => names)).toEqual([
      [
        ...['dev', 'lima/Dev', 'lima%Dev', 'lima/dev', 'lima%dev'],
        ...['qemu/lima-Dev', 'qemu%lima-Dev', 'qemu/lima-dev', 'qemu%lima-dev'],
      ],
      undefined,
      ['machine/two', 'machine%two'],
      ['machine/three', 'machine%three'],
      undefined,
    ]);
  });

  it('answers to its name in lower case too, unless that is another machine', () => {
    const made = hosts([machine('Windows 11 dev'), machine('plain')]).hosts;
    expect(made.map(({ host, names }) => [host, names])).toEqual([
      ['Windows-11-dev', ['windows-11-dev']],
      ['plain', undefined],
    ]);
  });

  it('is for what is typed by "via", too, unless that may be another machine', () => {
    const incus = { provider: 'incus', target: 'via/hv1/incus/twice' };
    const all = ['mint', 'Twice', 'twice', 'a b'].map((name) =>
      there('hv1', name, name === 'twice' ? incus : {}),
    );
    expect(hosts(all).hosts.map(({ host, names }) => [host, names])).toEqual([
      ['mint.hv1', ['via/hv1/mint', 'via%hv1%mint', 'via/hv1/qemu/mint', 'via%hv1%qemu%mint']],
      ['Twice-qemu.hv1', ['twice-qemu.hv1', 'via/hv1/qemu/Twice', 'via%hv1%qemu%Twice']],
      ['twice-incus.hv1', ['via/hv1/incus/twice', 'via%hv1%incus%twice']],
      ['a-b.hv1', undefined],
    ]);
  });

  it('is for the UUID typed by "via", too, unless several machines have it', () => {
    const other = { uuid: uuid.replace('1', '2') };
    const all = [there('hv1', 'mint', { uuid }), there('hv2', 'web', other), there('hv2', 'db', other)];
    const named = hosts(all).hosts.map(({ names = [] }) => names.filter((name) => /-.*-/.test(name)));
    expect(named).toEqual([[`via/hv1/${uuid}`, `via%hv1%${uuid}`], [], []]);
  });

  it('is behind two hypervisors by its name on the last one, too: on the first one that is its own machine', () => {
    const deep = { provider: 'podman', target: 'via/hv1/via/hv2/podman/deep' };
    const [made] = hosts([machine('deep', { ...deep, via: 'hv1' })]).hosts;
    expect(made?.names).toEqual([
      ...['via/hv1/via/hv2/deep', 'via%hv1%via%hv2%deep'],
      ...['via/hv1/via/hv2/podman/deep', 'via%hv1%via%hv2%podman%deep'],
    ]);
  });

  it.each([
    { name: 'begins with a separator', from: 'hv1', said: '/mint', prefix: '' },
    { name: 'has one', from: 'hv1', said: '0%mint', prefix: '' },
  ])('is not for a machine of a hypervisor whose name $name', ({ from, said, prefix }) => {
    const { hosts: made, left } = hosts([there(from, said, { uuid })], { prefix });
    expect(made).toEqual([]);
    expect(left).toMatchObject([{ name: said, why: expect.stringMatching(/separate|another hypervisor/) }]);
  });

  it('is that of this host if a hypervisor says that it has the same', () => {
    const ours = machine('mint.hv1', { uuid });
    const theirs = there('hv1', 'mint', { uuid: uuid.replace('1', '2') });
    const { hosts: made, left } = hosts([ours, theirs], { prefix: 'vm-' });
    expect(made.map(({ host, options }) => [host, options.target])).toEqual([
      ['vm-mint.hv1', 'machine/mint.hv1'],
    ]);
    expect(left).toMatchObject([{ name: 'mint', why: expect.stringContaining('another machine') }]);
  });

  it('is a Host of its own if two names differ only in case', () => {
    const twin = { provider: 'hyper-v', target: 'hyper-v/86e0c1e9-782c-47e0-b7c2-99f8167f5178' };
    const other = { provider: 'hyper-v', target: 'hyper-v/87e0c1e9-782c-47e0-b7c2-99f8167f5178' };
    const made = hosts([machine('Mint', twin), machine('mint', other)]).hosts;
    expect(made.map(({ host, names }) => [host, names])).toEqual([
      ['Mint-hyper-v', undefined],
      ['mint-hyper-v', undefined],
    ]);
  });

  it.each([
    { name: 'a prefix', machines: [machine('a.b')], prefix: 'vm-', want: ['vm-a.b'] },
    { name: 'its target, if it has a dot', machines: [machine('a.b')], want: ['machine/a.b'] },
    {
      name: 'the provider, if two have one name',
      machines: [machine('a'), machine('A', { provider: 'lima', target: 'lima/A' })],
      want: ['a-machined', 'A-lima'],
    },
  ])('is distinguished by $name', ({ machines, prefix = '', want }) => {
    expect(hosts(machines, { prefix }).hosts.map(({ host }) => host)).toEqual(want);
  });

  it('is its target if the name is an address, which nobody has to be told', () => {
    const taken = (name: string) => (name === '10.0.0.1' ? isAddress : undefined);
    const { hosts: made, left } = hosts([machine('10.0.0.1')], { taken });
    expect([made[0]?.host, left]).toEqual(['machine/10.0.0.1', []]);
  });

  it.each([
    ['could be a host on a network', [machine('a b.c')], /^with a dot/],
    [
      "and the target are the user's already",
      [machine('Git', { target: 'machine/git v2' })],
      /^taken: use --prefix$/,
    ],
    ['is empty', [machine('*')], /no character/],
    ['steers the file', [machine('a\nProxyCommand x')], /control character/],
  ])('is not made if the name $0', (_name, input, why) => {
    const { hosts: made, left } = hosts(input, { used: ['git'] });
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
    const all = [machine('qemu-77', { provider: 'qemu', pid: 77 }), machine('qemu-78')];
    const { hosts: made, left } = hosts(all);
    expect(made.map(({ host }) => host)).toEqual(['qemu-78']);
    expect(left).toEqual([]);
  });
});

describe('machines that say that they have one UUID', () => {
  const keys = (all: readonly ListedMachine[]) => hosts(all, { dots: true });
  const aliases = (all: readonly ListedMachine[]) =>
    keys(all).hosts.map(({ options }) => options.hostKeyAlias);

  it('on other hypervisors are those of each alone, without a warning', () => {
    const evil = ['hv1', 'hv2'].map((via) => there(via, 'evil', { uuid }));
    const all = [machine('mint', { uuid }), ...evil];
    const [own, ...others] = aliases(all);
    expect(own).toBe(`vmssh-${uuid}`);
    for (const alias of others) expect(alias).toMatch(/^vmssh-via%/);
    expect(new Set(others).size).toBe(2);
    expect(keys([...all, machine('a'), machine('b')]).shared).toEqual([]);
  });

  it('keep the host key that one of them has, with a warning that has a few by name', () => {
    const all = Array.from({ length: 6 }, (_, at) => machine(`m${at}`, { uuid }));
    expect(new Set(aliases(all))).toEqual(new Set([`vmssh-${uuid}`]));
    expect(keys(all).shared.map(sharedUuidProblem)).toEqual([
      `"m0", "m1", "m2", "m3", and 2 more have one UUID, ${uuid}: ssh accepts the host key of only one of them; give a copy a UUID of its own`,
    ]);
  });
});
