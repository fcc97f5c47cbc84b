import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../src/kinds/parse.js';
import { hostKeyAlias, keyNames, possibleAliases, uuidAlias } from '../../src/identity/identity.js';

const uuid = '11111111-2222-4333-8444-555555555555';
const alias = (text: string) => hostKeyAlias({ target: parseTarget(text) });

describe('the identity of a machine', () => {
  it.each([
    { input: uuid.replace('5', 'A'), want: `vmssh-${uuid.replace('5', 'a')}` },
    { input: '00000000-0000-0000-0000-000000000000', want: undefined },
    { input: uuid.replaceAll('-', ''), want: `vmssh-${uuid}` },
    { input: 'x y', want: undefined },
    { input: `1${'-'.repeat(35)}`, want: undefined },
    { input: undefined, want: undefined },
  ])('$input', ({ input, want }) => expect(uuidAlias(input)).toBe(want));
});

describe('the name of a machine in known_hosts', () => {
  it('has its owner in it where this user and the system may each have one of a name', () => {
    const of = (text: string, authority?: 'user') =>
      hostKeyAlias({ target: parseTarget(text), machine: { target: text, authority } });
    expect(of('firecracker/web', 'user')).toBe('vmssh-firecracker-user%web');
    expect(of('firecracker/web')).toBe('vmssh-firecracker%web');
    expect(of('lima/web', 'user')).toBe('vmssh-lima%web');
    expect(possibleAliases(parseTarget('firecracker/web'))).toEqual([
      'vmssh-firecracker%web',
      'vmssh-firecracker-user%web',
    ]);
    expect(possibleAliases(parseTarget('lima/web'))).toEqual(['vmssh-lima%web']);
    expect(possibleAliases(parseTarget('vsock/3'))).toEqual([]);
  });

  it.each([
    { text: 'machine/web', want: 'vmssh-machine%web' },
    { text: 'container/web', want: 'vmssh-machine%web' },
    { text: 'container%web', want: 'vmssh-machine%web' },
    { text: 'qemu/a.b_c-1', want: 'vmssh-qemu%a.b_c-1' },
    { text: 'qemu:session/web', want: 'vmssh-qemu-session%web' },
    { text: 'wsl/größe', want: 'vmssh-wsl%größe' },
    { text: `hyper-v/${uuid}`, want: `vmssh-${uuid}` },
    { text: 'vsock/3', want: undefined },
    { text: 'via/hv1/vsock/3', want: undefined },
    { text: 'via/hv1/via/hv2/.host', want: undefined },
    { text: 'unix/run/x', want: undefined },
    { text: '.host', want: undefined },
  ])('$text: $want', ({ text, want }) => expect(alias(text)).toBe(want));

  it('on another hypervisor has that in it, and the kind that says the same', () => {
    const names = [
      'via/hv1/web',
      'via/hv2/web',
      'via/hv1/machine/web',
      'via/hv2/machine/web',
      'via/hv1/qemu/web',
    ];
    const aliases = names.map(alias);
    expect(new Set(aliases).size).toBe(names.length);
    for (const each of aliases) expect(each).toMatch(/^vmssh-via%[\w.-]+=[0-9a-f]{32}$/);
    expect(alias('via%HV1%container%web')).toBe(alias('via/hv1/machine/web'));
    expect(
      hostKeyAlias({ target: parseTarget('via/hv1/web'), machine: { target: 'via/hv1/web', uuid } }),
    ).toBe(`vmssh-${uuid}`);
  });

  it('is its UUID if it is listed with one, however it was typed', () => {
    const machine = { target: 'machine/Web', uuid };
    expect(hostKeyAlias({ target: parseTarget('container/web'), machine })).toBe(`vmssh-${uuid}`);
    const nameless = { target: 'machine/web' };
    expect(hostKeyAlias({ target: parseTarget('machine/WEB'), machine: nameless })).toBe('vmssh-machine%web');
  });

  it('is not a pattern or list to ssh, and unique, whatever the machine is called', () => {
    const names = [
      '*',
      '?',
      '!a',
      '**',
      'a*',
      'a b',
      "a'b",
      'a,b',
      'a-b',
      'A-b',
      'a\u0301',
      'á',
      '|1|a|b',
      '#',
      '=',
      'a=b',
    ];
    const made = names.map((name) => alias(`podman/${name}`) ?? '');
    expect(new Set(made.map((each) => each.toLowerCase())).size).toBe(names.length);
    for (const each of made) expect(each).toMatch(/^vmssh-podman%[^*?!,|#\s]*$/);
  });
});

describe('typed names', () => {
  it('are what was typed and its other spellings, of each of its kinds, only without a UUID', () => {
    const machine = { target: 'machine/web', also: ['container/web'] };
    const typed = { text: 'container%web', target: parseTarget('container%web'), machine };
    const names = keyNames(typed);
    expect(names?.alias).toBe('vmssh-machine%web');
    const kinds = ['machine', 'container'];
    expect([...(names?.typed ?? [])].sort()).toEqual(
      kinds.flatMap((kind) => [`${kind}%web`, `${kind}/web`]).sort(),
    );
    expect(keyNames({ ...typed, machine: { ...machine, uuid } })).toEqual({
      alias: `vmssh-${uuid}`,
      typed: [],
    });
    expect(keyNames({ text: 'vsock/3', target: parseTarget('vsock/3') })).toBeUndefined();
  });
});
