import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decideByAsking, decideKey, type KeyFacts } from '../../src/identity/decide.js';
import type { Pin } from '../../src/identity/pins.js';
import type { HostKeyPolicy } from '../../src/identity/policy.js';
import { explainRefusal } from '../../src/identity/refusal.js';

const [mint, other] = [
  'vmssh-11111111-2222-4333-8444-555555555555',
  'vmssh-22222222-2222-4333-8444-555555555555',
];
const [own, wrong, third] = ['AAAA', 'BBBB', 'CCCC'];
const print = (key: string) =>
  `SHA256:${createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')}`;
const pin = (alias: string, key: string, ...names: string[]): Pin => ({
  alias,
  type: 'ssh-ed25519',
  key,
  names,
});
const known = pin(mint, own, 'machine%mint');
const facts: KeyFacts = {
  reached: { text: 'machine/mint' },
  alias: mint,
  names: ['machine%mint'],
  pins: [],
  shown: print(own),
  certifiedBy: undefined,
  caAlgorithms: ['ssh-ed25519'],
  made: undefined,
  manager: [],
  policy: 'accept-new',
};
const shows = { shown: print(wrong) };
const refuse = (why: string) => ({
  ...{ do: 'refuse', why },
  ...(why === 'revoked' ? { file: '/etc/revoked' } : {}),
});
const accept = (why: string, pin?: boolean) => ({ do: 'accept', why, ...(pin === undefined ? {} : { pin }) });
const address = { alias: undefined, names: [], reached: { text: 'vsock/7' } };
/** What answers may be a machine whose source is silent. */
const unsure = { ...address, reached: { ...address.reached, silent: ['machined'] } };
/** Its name was another's. */
const renamed = { alias: other, pins: [known] };
/** Its source says no UUID. */
const nameless = { alias: 'vmssh-machine%mint' };
const before = pin(nameless.alias, own);

describe('the decision about a host key', () => {
  it.each<[name: string, given: Partial<KeyFacts>, want: object]>([
    ['nobody said what was reached', { reached: undefined }, refuse('no record')],
    ['the same, for whoever takes any', { reached: undefined, takesAny: true }, { do: 'nothing' }],
    ['the same, not asked yet', { reached: undefined, policy: undefined }, { do: 'ask policy' }],
    ['the same, known by the name', { reached: undefined, byName: 'known' }, accept('known', false)],
    [
      'the same, revoked',
      { reached: undefined, byName: 'known', revokedIn: '/etc/revoked' },
      refuse('revoked'),
    ],
    ['the same, wrong', { reached: undefined, byName: 'changed', takesAny: true }, refuse('changed')],
    ['revoked, though pinned', { pins: [known], revokedIn: '/etc/revoked' }, refuse('revoked')],
    [
      'of an sshd that was brought, beside a pin',
      { ...shows, pins: [known], brought: print(wrong), policy: 'strict' },
      accept('brought', false),
    ],
    ['pinned, where an sshd was brought', { pins: [known], brought: print(wrong) }, refuse('not brought')],
    [
      'of an sshd that was brought to another machine than the UUID that was typed',
      { ...shows, pins: [pin(other, third)], meant: other, brought: print(wrong) },
      refuse('another machine'),
    ],
    [
      'of an sshd that was brought to another machine than the name meant until now',
      { ...shows, pins: [pin(other, third, 'machine%mint')], brought: print(wrong) },
      accept('brought to another', false),
    ],
    [
      'of an sshd that was brought, where another one was made beforehand',
      { ...shows, made: print(third), brought: print(wrong) },
      refuse('not made'),
    ],
    ['of a CA', { certifiedBy: 'ssh-ed25519', policy: 'strict' }, accept('certified', true)],
    [
      'of a CA, beside a pin',
      { ...shows, pins: [known], certifiedBy: 'ssh-ed25519' },
      { do: 'accept', pin: false },
    ],
    ['of a CA by SHA-1', { certifiedBy: 'ssh-rsa', policy: 'strict' }, refuse('unknown')],
    ['of a CA, not asked yet', { certifiedBy: 'ssh-ed25519', policy: undefined }, { do: 'ask policy' }],
    ['of a CA, pinned', { certifiedBy: 'ssh-rsa', policy: undefined, pins: [known] }, accept('known')],
    [
      "of a CA, of a name that was another's",
      { ...renamed, certifiedBy: 'ssh-ed25519' },
      accept('certified', false),
    ],
    ['of a CA, of an address', { ...address, certifiedBy: 'ssh-ed25519' }, accept('certified', false)],
    ['made beforehand', { made: print(own), policy: 'strict' }, accept('made', false)],
    ['not the made one, though pinned', { made: print(third), pins: [known] }, refuse('not made')],
    ['pinned', { pins: [known], policy: 'strict' }, accept('known', false)],
    ['pinned, by a new name', { pins: [known], names: ['machine%mint', 'host%m'] }, accept('known', true)],
    ['another than the pinned', { ...shows, pins: [known] }, refuse('changed')],
    [
      'another, though its manager has it',
      { ...shows, pins: [known], manager: [print(wrong)] },
      refuse('changed'),
    ],
    [
      "of a name that was another's: its manager first",
      { ...renamed, manager: undefined },
      { do: 'ask manager' },
    ],
    [
      "of a name that was another's, by its manager",
      { ...renamed, ...shows, manager: [print(wrong)], policy: 'strict' },
      { do: 'accept', why: 'new machine', pin: true, moved: ['machine%mint'] },
    ],
    [
      "of a name that was another's, and its manager has another",
      { ...renamed, ...shows, manager: [print(third)] },
      refuse('not by manager'),
    ],
    ["of a name that was another's, and nobody can say", { ...renamed, ...shows }, refuse('another machine')],
    [
      "of a name that was another's, whose own key is known, and not shown",
      { alias: other, pins: [known, pin(other, third)], ...shows },
      refuse('changed'),
    ],
    ["of a name that was another's, which shows its key", renamed, refuse('another machine')],
    [
      "of a name that was another's, whose own key is known, and shown",
      { alias: other, pins: [known, pin(other, wrong)], ...shows, manager: undefined, policy: 'strict' },
      { do: 'accept', why: 'moved name', pin: true, moved: ['machine%mint'] },
    ],
    [
      "of a name that was another's, whose UUID several machines have",
      { alias: other, pins: [known, { ...pin(other, wrong), isShared: true }], ...shows },
      refuse('another machine'),
    ],
    [
      "of another hypervisor's name, by the key that it meant: the UUID is from an earlier list",
      {
        alias: `vmssh-via%hv/${other.slice(6)}`,
        names: ['via%hv=1'],
        pins: [pin(`vmssh-via%hv/${mint.slice(6)}`, own, 'via%hv=1')],
      },
      { do: 'accept', why: 'moved name', pin: true },
    ],
    ['first, its manager is asked', { manager: undefined, policy: 'strict' }, { do: 'ask manager' }],
    [
      'first, its manager has it',
      { manager: [print(third), print(own)], policy: 'strict' },
      accept('by manager', true),
    ],
    ['first, its manager has another', { manager: [print(third)] }, refuse('not by manager')],
    ['first, accept-new', {}, accept('first', true)],
    ['first, ask', { policy: 'ask' }, { do: 'ask user', pin: true }],
    ['first, strict', { policy: 'strict' }, refuse('unknown')],
    ['first, strict for all users', { policy: 'strict', bySystem: true }, refuse('unknown here')],
    ['first, of a policy that was not looked for', { policy: undefined }, { do: 'ask policy' }],
    ['known, of a policy that was not looked for', { pins: [known], policy: undefined }, accept('known')],
    [
      "another machine that is called as a known one's UUID",
      { alias: other, meant: mint, pins: [known], ...shows },
      refuse('another machine'),
    ],
    ['of an address', { ...address, manager: undefined }, accept('address', false)],
    ['of an address, ask', { ...address, policy: 'ask' }, { do: 'ask user', pin: false }],
    ['of an address, whose source did not answer', unsure, { do: 'ask user', pin: false }],
    [
      'of an address, whose source did not answer, strict',
      { ...unsure, policy: 'strict' },
      refuse('unknown'),
    ],
    ['of an address, strict', { ...address, policy: 'strict' }, refuse('unknown')],
    ['from before it had a UUID', { pins: [before] }, accept('known', true)],
    ['another than before it had a UUID', { ...shows, pins: [before] }, refuse('changed')],
    ['where a source says no UUID', { ...nameless, pins: [known] }, accept('known')],
    ['another, where a source says no UUID', { ...nameless, ...shows, pins: [known] }, refuse('changed')],
    [
      'kept by its name too, since another source says no UUID',
      { pins: [known, pin('vmssh-machine%mint', own, 'machine%mint')] },
      accept('known', false),
    ],
    [
      'another, kept by its name too',
      { ...shows, pins: [known, pin('vmssh-machine%mint', own, 'machine%mint')] },
      refuse('changed'),
    ],
    [
      'known by a name that may mean the same machine',
      { alike: ['via%hv=1'], pins: [pin('vmssh-via%hv=1', own)], policy: 'strict' },
      accept('known', true),
    ],
    [
      'another than that of a name that may mean the same machine',
      { ...shows, alias: 'vmssh-via%hv=2', alike: ['via%hv=1'], pins: [pin(mint, own, 'via%hv=1')] },
      refuse('changed'),
    ],
    [
      'its own, though another machine has its name too',
      {
        alias: 'vmssh-via%hv=1',
        names: ['via%hv=1'],
        pins: [pin('vmssh-via%hv=1', own, 'via%hv=1'), pin('vmssh-via%hv=2', wrong, 'via%hv=2', 'via%hv=1')],
      },
      accept('known'),
    ],
    [
      'its own, whatever else a name may mean',
      { alike: ['via%hv=1'], pins: [known, pin('vmssh-via%hv=1', wrong)] },
      accept('known'),
    ],
    [
      'of another machine with no name in common',
      { pins: [pin(other, wrong, 'machine%web')] },
      accept('first'),
    ],
    ['pinned, and called by its own UUID', { meant: mint, pins: [known] }, accept('known', false)],
    [
      "another machine with no name in common that is called as a known one's UUID",
      { alias: other, meant: mint, names: ['machine%db'], pins: [pin(third, third), known] },
      refuse('another machine'),
    ],
    [
      'of a machine that is called by a UUID of which no key is known',
      { alias: other, meant: mint, names: ['machine%db'], pins: [pin(third, third)] },
      accept('first', true),
    ],
    [
      "revoked, of a machine that is called as a known one's UUID",
      { alias: other, meant: mint, pins: [known], revokedIn: '/etc/revoked' },
      refuse('revoked'),
    ],
    [
      "another than the pinned of a machine whose new name was another's, though its manager has it",
      { alias: other, pins: [known, pin(other, third)], ...shows, manager: [print(wrong)] },
      refuse('changed'),
    ],
    [
      'another than that of a name that may mean the same machine, though a third one had its name',
      {
        ...shows,
        alias: 'vmssh-via%hv=2',
        names: ['via%hv=2'],
        alike: ['via%hv=1'],
        pins: [pin('vmssh-via%hv=1', own), pin(other, wrong, 'via%hv=2')],
      },
      refuse('changed'),
    ],
    [
      'of a machine with a UUID, though another one had a name that may mean it',
      { alike: ['via%hv=1'], pins: [pin(other, wrong, 'via%hv=1')] },
      accept('first'),
    ],
    [
      'pinned for another machine only, where a source says no UUID',
      { ...nameless, pins: [pin(other, own, 'machine%web')], policy: 'strict' },
      refuse('unknown'),
    ],
    [
      'of a machine with two names, where a source says no UUID',
      {
        alias: 'vmssh-machine%mint',
        names: ['machine%mint', 'host%mint'],
        pins: [pin(mint, own, 'machine%mint', 'host%old', 'host%mint')],
      },
      accept('known', true),
    ],
    [
      'pinned, whose name only the line from before its UUID has',
      { pins: [pin(mint, own), pin('vmssh-machine%mint', own, 'machine%mint')] },
      accept('known', true),
    ],
    [
      'known by the name of its alias, and meant by no name',
      { ...nameless, names: [], pins: [known] },
      accept('known', true),
    ],
    [
      'one of two that are pinned, with the name at one of them',
      { pins: [pin(mint, wrong), known] },
      accept('known', false),
    ],
  ])('%s', (_name, given, want) => expect(decideKey({ ...facts, ...given })).toMatchObject(want));

  it('accepts in strict no key that nobody vouches for, whatever else is known', () => {
    for (const alias of [mint, other, 'vmssh-machine%mint', undefined])
      for (const pins of [[], [known], [pin(other, own)], [pin('vmssh-machine%mint', own, 'host%x')]])
        for (const manager of [undefined, [], [print(own)]])
          expect(decideKey({ ...facts, ...shows, alias, pins, manager, policy: 'strict' }).do).not.toBe(
            'accept',
          );
  });
});

describe('those who are asked about a host key', () => {
  /** The decision, and who was asked, in turn. */
  async function decided(given: Partial<KeyFacts>, keys: readonly string[], policy: HostKeyPolicy) {
    const asked: string[] = [];
    const witnesses = {
      manager: async () => {
        asked.push('manager');
        return keys;
      },
      policy: async () => {
        asked.push('policy');
        return { policy, takesAny: false, caAlgorithms: [] };
      },
    };
    const unasked = { ...facts, manager: undefined, policy: undefined, ...given };
    return { answer: await decideByAsking(unasked, witnesses), asked };
  }

  it('are nobody, if the key is pinned or another one is', async () => {
    expect(await decided({ pins: [known] }, [print(wrong)], 'strict')).toMatchObject({
      answer: { do: 'accept', why: 'known' },
      asked: [],
    });
    expect(await decided({ pins: [known], ...shows }, [print(wrong)], 'accept-new')).toMatchObject({
      answer: { do: 'refuse', why: 'changed' },
      asked: [],
    });
  });

  it('are no more than the manager, if it knows the keys of the machine', async () => {
    expect(await decided({}, [print(own)], 'strict')).toMatchObject({
      answer: { do: 'accept', why: 'by manager' },
      asked: ['manager'],
    });
    expect(await decided({}, [print(third)], 'accept-new')).toMatchObject({
      answer: { do: 'refuse', why: 'not by manager' },
      asked: ['manager'],
    });
  });

  it("are no more than the manager, if the name was another machine's", async () => {
    expect(await decided(renamed, [], 'accept-new')).toMatchObject({
      answer: { do: 'refuse', why: 'another machine' },
      asked: ['manager'],
    });
  });

  it.each([
    { policy: 'strict', want: { do: 'refuse', why: 'unknown' } },
    { policy: 'ask', want: { do: 'ask user', pin: true } },
    { policy: 'accept-new', want: { do: 'accept', why: 'first' } },
  ] as const)('are the manager and then the user, by the policy: $policy', async ({ policy, want }) => {
    expect(await decided({}, [], policy)).toMatchObject({ answer: want, asked: ['manager', 'policy'] });
  });

  it('are no manager of an address, which has none', async () => {
    expect(await decided(address, [print(own)], 'strict')).toMatchObject({
      answer: { do: 'refuse', why: 'unknown' },
      asked: ['policy'],
    });
  });
});

const linux = { platform: 'linux', env: {} } as const;
const named = { typed: "ann's", path: '/home/ann/.ssh/vmssh_known_hosts' };

describe('a refused host key', () => {
  const refusals = [
    ['changed', 'HOST_KEY_CHANGED', "if you expected this: vmssh forget 'ann'\\''s'"],
    ['another machine', 'HOST_KEY_CHANGED', "if you expected this: vmssh forget 'ann'\\''s'"],
    ['not brought', 'HOST_KEY_CHANGED', 'do not trust the machine'],
    ['not by manager', 'HOST_KEY_CHANGED', "vmssh check --verbose 'ann'\\''s' "],
    ['not made', 'HOST_KEY_CHANGED', "vmssh guest credentials --undo 'ann'\\''s'"],
    ['revoked', 'HOST_KEY_REVOKED', 'vmssh forget keeps @revoked lines'],
    ['unknown', 'HOST_KEY_UNKNOWN', 'accept it once: VMSSH_HOST_KEYS=accept-new'],
    ['unknown here', 'HOST_KEY_UNKNOWN', 'vmssh doctor names the file'],
    ['not asked', 'HOST_KEY_UNKNOWN', 'accept it once: VMSSH_HOST_KEYS=accept-new'],
    ['not kept', 'HOST_KEY_UNKNOWN', `check who may write ${named.path}`],
  ] as const;

  it.each(refusals)('has a fix: %s', (why, code, hint) => {
    expect(explainRefusal(why, named, linux)).toMatchObject({
      code,
      final: true,
      hint: expect.stringContaining(hint),
    });
  });

  it('has a reason of its own, which is not left out', () => {
    const problems = refusals.map(([why]) => explainRefusal(why, named, linux).problem);
    expect(new Set(problems).size).toBe(refusals.length);
    for (const each of problems) expect(each).not.toBe('');
  });

  it('names the file in which it is revoked, or cannot be kept', () => {
    for (const why of ['revoked', 'not kept'] as const)
      expect(explainRefusal(why, named, linux).problem).toContain(named.path);
  });

  it('is forgotten by the name that vmssh forget takes, and untrusted by that of the credentials', () => {
    const own = { ...named, forget: 'machine/web', made: 'web' };
    expect(explainRefusal('changed', own, linux).hint).toContain('vmssh forget machine/web');
    expect(explainRefusal('not made', own, linux)).toMatchObject({
      problem: expect.stringContaining('made for "web"'),
      hint: expect.stringContaining('--undo web'),
    });
  });
});
