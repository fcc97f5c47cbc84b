import { describe, expect, it } from 'vitest';
import { hostKeyAlias, namesAlike, namesOf, uuidAlias } from '../../src/book/identity.js';
import { parseTarget } from '../../src/kinds/kinds.js';

const uuid = '11111111-2222-4333-8444-555555555555';
const alias = (text: string) => hostKeyAlias({ target: parseTarget(text) });

describe('the identity of a machine', () => {
  it.each([
    [uuid.replace('5', 'A'), `vmssh-${uuid.replace('5', 'a')}`],
    [uuid.replaceAll('-', ''), `vmssh-${uuid}`],
  ])('%s', (text, alias) => expect(uuidAlias(text)).toBe(alias));

  it.each(['00000000-0000-0000-0000-000000000000', 'x y', `1${'-'.repeat(35)}`, undefined])(
    'is not %s',
    (text) => expect(uuidAlias(text)).toBeUndefined(),
  );
});

describe('the name of a machine in known_hosts', () => {
  it('has its owner in it where this user and the system may each have one of a name', () => {
    const of = (text: string, authority?: 'user') =>
      hostKeyAlias({ target: parseTarget(text), machine: { target: text, authority } });
    expect(of('firecracker/web', 'user')).toBe('vmssh-firecracker-user%web');
    expect(of('firecracker/web')).toBe('vmssh-firecracker%web');
    expect(of('lima/web', 'user')).toBe('vmssh-lima%web');
  });

  it('has the source in it for a machine of a source of the user', () => {
    const of = (source: string, name: string) => hostKeyAlias({ target: { kind: 'outside', source, name } });
    expect(of('lab', 'web')).toBe('vmssh-outside-lab%web');
    expect(of('lab', 'Web')).toMatch(/^vmssh-outside-lab%web=[0-9a-f]{32}$/);
    expect(of('shop', 'web')).not.toBe(of('lab', 'web'));
  });

  it.each([
    { text: 'machine/web', want: 'vmssh-machine%web' },
    { text: 'container/web', want: 'vmssh-machine%web' },
    { text: 'container%web', want: 'vmssh-machine%web' },
    { text: 'qemu/a.b_c-1', want: 'vmssh-qemu%a.b_c-1' },
    { text: 'qemu:session/web', want: 'vmssh-qemu-session%web' },
    { text: 'wsl/größe', want: 'vmssh-wsl%größe' },
    { text: `hyper-v/${uuid}`, want: `vmssh-${uuid}` },
    // The hash of hv1/web: what is pinned by it has to be found by later versions.
    { text: 'via/HV1/web', want: 'vmssh-via%hv1-web=ec9a4e7979c0d47d9913460ba90aa4f5' },
  ])('$text: $want', ({ text, want }) => expect(alias(text)).toBe(want));

  it.each(['vsock/3', 'via/hv1/vsock/3', 'via/hv1/via/hv2/.host', 'unix/run/x', '.host'])(
    'is none for %s',
    (text) => expect(alias(text)).toBeUndefined(),
  );

  it('on another hypervisor has that in it, and the kind that says the same', () => {
    const names = [
      ...['via/hv1/web', 'via/hv2/web', 'via/hv1/machine/web', 'via/hv2/machine/web', 'via/hv1/qemu/web'],
    ];
    const aliases = names.map(alias);
    expect(new Set(aliases).size).toBe(names.length);
    for (const each of aliases) expect(each).toMatch(/^vmssh-via%[\w.-]+=[0-9a-f]{32}$/);
    expect(alias('via%HV1%container%web')).toBe(alias('via/hv1/machine/web'));
    const listed = (text: string) =>
      hostKeyAlias({ target: parseTarget(text), machine: { target: text, uuid } });
    expect(listed('via/hv1/web')).toBe(listed('via/HV1/machine/x'));
    // All zeros are no identity there either: they would be one name for several machines.
    const zero = (text: string) => {
      const machine = { target: text, uuid: '00000000-0000-0000-0000-000000000000' };
      return [
        hostKeyAlias({ target: parseTarget(text), machine }),
        ...namesAlike({ target: parseTarget(text), machine }),
      ];
    };
    for (const each of names)
      expect(zero(each)).toEqual([alias(each), ...namesAlike({ target: parseTarget(each) })]);
    // What a hypervisor says of a UUID is about its own machines.
    expect(new Set([listed('via/hv1/web'), listed('via/hv2/web'), listed('machine/web')]).size).toBe(3);
  });

  it('is its UUID if it is listed with one, however it was typed', () => {
    const machine = { target: 'machine/Web', uuid };
    expect(hostKeyAlias({ target: parseTarget('container/web'), machine })).toBe(`vmssh-${uuid}`);
    const nameless = { target: 'machine/web' };
    expect(hostKeyAlias({ target: parseTarget('machine/WEB'), machine: nameless })).toBe('vmssh-machine%web');
  });

  it('is not the UUID that another user says', () => {
    const machine = { target: 'incus/web', uuid, authority: 'other' } as const;
    expect(hostKeyAlias({ target: parseTarget('incus/web'), machine })).toBe('vmssh-incus%web');
  });

  it('is not a pattern or list to ssh, and unique, whatever the machine is called', () => {
    const names = [
      ...['*', '?', '!a', '**', 'a*', 'a b', "a'b", 'a,b', 'a-b', 'A-b', 'a\u0301', 'á', '|1|a|b', '#', '='],
      ...['a=b'],
    ];
    const made = names.map((name) => alias(`podman/${name}`) ?? '');
    expect(new Set(made.map((each) => each.toLowerCase())).size).toBe(names.length);
    for (const each of made) expect(each).toMatch(/^vmssh-podman%[^*?!,|#\s]*$/);
  });
});

describe('the names by which a machine is meant', () => {
  const of = (text: string, machine?: { target: string; name: string; uuid?: string }, typed?: string) =>
    namesOf({ target: parseTarget(text), machine }, typed);

  const webInCapitals = expect.stringMatching(/^host%web=[0-9a-f]{32}$/);
  it.each([
    { typed: 'web', text: 'machine/web', want: ['machine%web', 'host%web'] },
    { typed: 'WEB', text: 'machine/web', want: ['machine%web', webInCapitals, 'host%web'] },
    { typed: 'machine%web', text: 'machine%web', want: ['machine%web'] },
    { typed: 'container/web', text: 'container/web', want: ['machine%web'] },
    // A Host of config install, whose machine shares its name with another one.
    { typed: 'web-machined', text: 'machine/web', want: ['machine%web', 'host%web-machined'] },
  ])('$typed', ({ typed, text, want }) => {
    expect(of(text, { target: 'machine/web', name: 'web', uuid }, typed)).toEqual(want);
  });

  it('are those of two managers, if one has found it by the name of the other', () => {
    expect(of('container/web', { target: 'podman/web', name: 'web' })).toEqual(['machine%web', 'podman%web']);
  });

  it('are no ids and numbers, which are typed too', () => {
    for (const each of ['7', uuid])
      expect(of(`qemu/${each}`, { target: 'qemu/mint', name: 'mint' })).toEqual(['qemu%mint']);
  });

  it('are those that were typed, if the machine is listed by its address', () => {
    expect(of('machine/web', { target: 'vsock/3', name: 'web', uuid })).toEqual(['machine%web']);
  });

  it('are those of the typed target too, if its manager says no name', () => {
    const machine = { target: 'podman/web' };
    expect(namesOf({ target: parseTarget('container/web'), machine })).toEqual(['machine%web', 'podman%web']);
  });

  it('are those that were typed, of a machine of another hypervisor, whatever it is called there', () => {
    const typed = { target: parseTarget('via/hv1/web') };
    const names = of('via/hv1/web', { target: 'via/hv1/machine/web', name: 'mint' });
    expect(names).toEqual([...namesOf(typed), ...of('via/hv1/machine/web')]);
  });

  it('are the short name as typed, even if no source has the machine', () => {
    expect(of('machine/web', undefined, 'web')).toEqual(['machine%web', 'host%web']);
  });

  it.each(['vsock/3', 'web'])('are none of an address, typed as %s', (typed) => {
    expect(of('vsock/3', undefined, typed)).toEqual([]);
  });
});

describe('other names that may mean the same machine of another hypervisor', () => {
  const alike = (text: string) => namesAlike({ target: parseTarget(text) });
  const own = (text: string) => namesOf({ target: parseTarget(text) })[0];

  it('are its name with each kind, and of such a one the name only', () => {
    for (const each of [
      ...['machine/web', 'container%WEB', 'qemu/web', 'qemu:session/web', 'qemu:system/web', 'podman/web'],
    ]) {
      expect(alike('via/hv1/Web')).toContain(own(`via/hv1/${each}`.toLowerCase()));
      expect(alike(`via/hv1/${each}`)).toContain(own('via/hv1/web'));
    }
    expect(alike('via/hv1/podman/web')).not.toContain(own('via/hv1/machine/web'));
    expect(alike('via/hv1/web')).not.toContain(own('via/hv2/machine/web'));
    expect(alike('via/hv1/web')).not.toContain(own('via/hv1/machine/web2'));
  });

  it('are its name in lower case, which is a name of its own', () => {
    for (const each of ['via/hv1/WEB', 'via/hv1/machine/WEB']) {
      const folded = own(each.toLowerCase());
      expect(alike(each)).toContain(folded);
      expect(namesOf({ target: parseTarget(each) })).toEqual([own(each), folded]);
      expect(own(each)).not.toBe(folded);
    }
  });

  it('are only those of its name', () => {
    expect(alike('via/hv1/podman/web')).toEqual([own('via/hv1/podman/web'), own('via/hv1/web')]);
  });

  it('are none of a machine whose UUID is known', () => {
    const machine = { target: 'via/hv1/machine/web', uuid };
    expect(namesAlike({ target: parseTarget('via/hv1/web'), machine })).toEqual([]);
    expect(
      namesAlike({ target: parseTarget('via/hv1/web'), machine: { target: machine.target } }),
    ).not.toEqual([]);
  });

  it('are none of a machine of this host, nor of an address there', () => {
    for (const each of ['machine/web', 'vsock/3', 'via/hv1/vsock/3']) expect(alike(each)).toEqual([]);
  });

  it('are those behind its hypervisor, of a machine behind two', () => {
    expect(alike('via/hv1/via/hv2/web')).toContain(own('via/hv1/via/hv2/machine/web'));
    expect(alike('via/hv1/via/hv2/machine/web')).toContain(own('via/hv1/via/hv2/web'));
  });
});
