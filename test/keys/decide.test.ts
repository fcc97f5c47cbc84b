import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decideByAsking, decideKey, type KeyFacts } from '../../src/keys/decide.js';
import type { Pin } from '../../src/keys/pins.js';
import { explainRefusal } from '../../src/keys/refusal.js';

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
const bySsh = (key: string): Pin => ({ ...pin(mint, key, 'machine%mint'), comment: '2026-11-29 ssh' });
const facts: KeyFacts = {
  reached: { text: 'machine/mint' },
  alias: mint,
  names: ['machine%mint'],
  pins: [],
  shown: print(own),
  made: undefined,
  manager: [],
};
const shows = { shown: print(wrong) };
const contradict = (why: string) => ({
  ...{ do: 'contradict', why },
  ...(why === 'revoked' ? { file: '/etc/revoked' } : {}),
});
const vouch = (why: string, pin?: boolean) => ({ do: 'vouch', why, ...(pin === undefined ? {} : { pin }) });
const unknown = { do: 'nothing', why: 'unknown' };
const certify = { do: 'certify' };
const filed = (verdict: 'known' | 'changed' | 'new') => ({ filed: () => verdict });
const address = { alias: undefined, names: [], reached: { text: 'vsock/7' } };
/** What answers may be a machine whose source is silent. */
const unsure = { ...address, reached: { ...address.reached, silent: ['machined'] } };
/** Its name was another's. */
const renamed = { alias: other, pins: [known] };
/** Its source says no UUID. */
const nameless = { alias: 'vmssh-machine%mint' };
const before = pin(nameless.alias, own);
/** After a move to another manager and back. */
const back = {
  ...nameless,
  names: ['machine%mint', 'host%mint'],
  pins: [{ ...before, names: ['machine%mint'] }, pin('vmssh-outside-box%mint', third, 'host%mint')],
};

describe('the decision about a host key', () => {
  it.each<[name: string, given: Partial<KeyFacts>, want: object]>([
    ['nobody said what was reached', { reached: undefined }, { do: 'nothing', why: 'no record' }],
    ['the same, known by the name', { reached: undefined, pins: [known] }, vouch('known', false)],
    ['the same, another one', { ...shows, reached: undefined, pins: [known] }, contradict('changed')],
    [
      'the same, by its UUID',
      { ...shows, reached: undefined, names: [], meant: mint, pins: [known] },
      contradict('changed'),
    ],
    ['the same, kept by ssh', { reached: undefined, ...filed('known') }, { do: 'nothing', why: 'filed' }],
    ['the same, another one kept by ssh', { reached: undefined, ...filed('changed') }, contradict('changed')],
    [
      'the same, revoked',
      { reached: undefined, pins: [known], revokedIn: '/etc/revoked' },
      contradict('revoked'),
    ],
    ['the same, of a CA', { reached: undefined, certified: true }, certify],
    ['revoked, though pinned', { pins: [known], revokedIn: '/etc/revoked' }, contradict('revoked')],
    [
      'of an sshd that was brought, beside a pin',
      { ...shows, pins: [known], brought: print(wrong) },
      vouch('brought', false),
    ],
    [
      'pinned, where an sshd was brought',
      { pins: [known], brought: print(wrong) },
      contradict('not brought'),
    ],
    [
      'of an sshd that was brought to another machine than the UUID that was typed',
      { ...shows, pins: [pin(other, third)], meant: other, brought: print(wrong) },
      contradict('another machine'),
    ],
    [
      'of an sshd that was brought to another machine than the name meant until now',
      { ...shows, pins: [pin(other, third, 'machine%mint')], brought: print(wrong) },
      vouch('brought to another', false),
    ],
    [
      'of an sshd that was brought, where another one was made beforehand',
      { ...shows, made: print(third), brought: print(wrong) },
      contradict('not made'),
    ],
    ['of a CA', { certified: true }, certify],
    ['of a CA, beside another pin', { ...shows, pins: [known], certified: true }, certify],
    ['of a CA, beside another that ssh has kept', { ...filed('changed'), certified: true }, certify],
    ['of a CA, whose manager has another', { manager: [print(third)], certified: true }, certify],
    ["of a CA, of a name that was another's", { ...renamed, certified: true }, certify],
    ['of a CA, of an address', { ...address, certified: true }, certify],
    ['of a CA, and revoked', { certified: true, revokedIn: '/etc/revoked' }, contradict('revoked')],
    [
      'of a CA, and not the made one',
      { ...shows, made: print(own), certified: true },
      contradict('not made'),
    ],
    [
      "of a CA, of another machine than a typed UUID's",
      { alias: other, meant: mint, pins: [known], certified: true },
      contradict('another machine'),
    ],
    ['of a certificate that has ended', { certified: false }, certify],
    ['of one that has ended, beside its pin', { pins: [known], certified: false }, certify],
    [
      'of one that has ended, beside another pin',
      { ...shows, pins: [known], certified: false },
      contradict('changed'),
    ],
    [
      'of one that has ended, where ssh has kept another',
      { ...filed('changed'), certified: false },
      contradict('changed'),
    ],
    [
      'of one that has ended, whose manager has another',
      { manager: [print(third)], certified: false },
      contradict('not by manager'),
    ],
    [
      "of one that has ended, of a name that was another's",
      { ...renamed, ...shows, certified: false },
      contradict('another machine'),
    ],
    [
      'of one that has ended, before its manager is asked',
      { manager: undefined, certified: false },
      { do: 'ask manager' },
    ],
    ['made beforehand', { made: print(own) }, vouch('made', false)],
    ['not the made one, though pinned', { made: print(third), pins: [known] }, contradict('not made')],
    ['pinned', { pins: [known] }, vouch('known', false)],
    ['pinned, by a new name', { pins: [known], names: ['machine%mint', 'host%m'] }, vouch('known', true)],
    ['another than the pinned', { ...shows, pins: [known] }, contradict('changed')],
    [
      'another, though its manager has it',
      { ...shows, pins: [known], manager: [print(wrong)] },
      contradict('changed'),
    ],
    [
      "of a name that was another's: its manager first",
      { ...renamed, manager: undefined },
      { do: 'ask manager' },
    ],
    [
      "of a name that was another's, by its manager",
      { ...renamed, ...shows, manager: [print(wrong)] },
      { do: 'vouch', why: 'new machine', pin: true, moved: ['machine%mint'] },
    ],
    [
      "of a name that was another's, and its manager has another",
      { ...renamed, ...shows, manager: [print(third)] },
      contradict('not by manager'),
    ],
    [
      "of a name that was another's, and nobody can say",
      { ...renamed, ...shows },
      contradict('another machine'),
    ],
    [
      "of a name that was another's, whose own key is known, and not shown",
      { alias: other, pins: [known, pin(other, third)], ...shows },
      contradict('changed'),
    ],
    ["of a name that was another's, which shows its key", renamed, contradict('another machine')],
    [
      "of a name that was another's, whose own key is known, and shown",
      { alias: other, pins: [known, pin(other, wrong)], ...shows, manager: undefined },
      { do: 'vouch', why: 'moved name', pin: true, moved: ['machine%mint'] },
    ],
    [
      "of a name that was another's, whose UUID several machines have",
      { alias: other, pins: [known, { ...pin(other, wrong), isShared: true }], ...shows },
      contradict('another machine'),
    ],
    [
      "of a short name that was another's, back at a machine whose key is kept by its name",
      { ...back, manager: undefined },
      { do: 'vouch', why: 'moved name', pin: true, moved: ['host%mint'] },
    ],
    ['of the same, another one', { ...back, ...shows }, contradict('changed')],
    [
      "of the same, by another user's machine, who may choose any name",
      { ...back, reached: { text: 'mint', machine: { authority: 'other' } } },
      contradict('another machine'),
    ],
    [
      "of the same, where its manager's name for it was another's too",
      { ...back, pins: [before, pin(other, third, 'machine%web')], names: ['machine%web'] },
      contradict('another machine'),
    ],
    [
      'of the same, which has two that ssh has kept',
      { ...back, pins: [...back.pins, ...[own, wrong].map((key) => ({ ...bySsh(key), ...nameless }))] },
      contradict('another machine'),
    ],
    [
      "of another hypervisor's name, by the key that it meant: the UUID is from an earlier list",
      {
        alias: `vmssh-via%hv/${other.slice(6)}`,
        names: ['via%hv=1'],
        pins: [pin(`vmssh-via%hv/${mint.slice(6)}`, own, 'via%hv=1')],
      },
      { do: 'vouch', why: 'moved name', pin: true },
    ],
    ['first, its manager is asked', { manager: undefined }, { do: 'ask manager' }],
    ['first, its manager has it', { manager: [print(third), print(own)] }, vouch('by manager', true)],
    ['first, its manager has another', { manager: [print(third)] }, contradict('not by manager')],
    ['first', {}, unknown],
    ['first, kept by ssh for that name only', filed('known'), { do: 'nothing', why: 'filed' }],
    ['first, where ssh has kept another for that name', filed('changed'), contradict('changed')],
    [
      'pinned, where ssh has kept another for that name',
      { ...filed('changed'), pins: [known] },
      vouch('known'),
    ],
    ['kept by ssh, not yet in our file', { pins: [{ ...known, isInbox: true }] }, vouch('known', true)],
    [
      'one of two that ssh has kept for the machine',
      { pins: [bySsh(own), bySsh(wrong)] },
      contradict('kept twice'),
    ],
    [
      'one of two types that ssh has kept',
      { pins: [bySsh(own), { ...bySsh(wrong), type: 'ssh-rsa' }] },
      vouch('known'),
    ],
    [
      "another machine that is called as a known one's UUID",
      { alias: other, meant: mint, pins: [known], ...shows },
      contradict('another machine'),
    ],
    ['of an address', { ...address, manager: undefined }, unknown],
    ['of an address, kept by ssh', { ...address, ...filed('known') }, { do: 'nothing', why: 'filed' }],
    [
      'of an address that showed another',
      { ...address, ...filed('changed') },
      contradict('another at the address'),
    ],
    ['of an address, whose source did not answer', unsure, contradict('not asked')],
    ['of the same, kept by ssh', { ...unsure, ...filed('known') }, { do: 'nothing', why: 'filed' }],
    ['from before it had a UUID', { pins: [before] }, vouch('known', true)],
    ['another than before it had a UUID', { ...shows, pins: [before] }, contradict('changed')],
    ['where a source says no UUID', { ...nameless, pins: [known] }, vouch('known')],
    ['another, where a source says no UUID', { ...nameless, ...shows, pins: [known] }, contradict('changed')],
    [
      'kept by its name too, since another source says no UUID',
      { pins: [known, pin('vmssh-machine%mint', own, 'machine%mint')] },
      vouch('known', false),
    ],
    [
      'another, kept by its name too',
      { ...shows, pins: [known, pin('vmssh-machine%mint', own, 'machine%mint')] },
      contradict('changed'),
    ],
    [
      'known by a name that may mean the same machine',
      { alike: ['via%hv=1'], pins: [pin('vmssh-via%hv=1', own)] },
      vouch('known', true),
    ],
    [
      'another than that of a name that may mean the same machine',
      { ...shows, alias: 'vmssh-via%hv=2', alike: ['via%hv=1'], pins: [pin(mint, own, 'via%hv=1')] },
      contradict('changed'),
    ],
    [
      'its own, though another machine has its name too',
      {
        alias: 'vmssh-via%hv=1',
        names: ['via%hv=1'],
        pins: [pin('vmssh-via%hv=1', own, 'via%hv=1'), pin('vmssh-via%hv=2', wrong, 'via%hv=2', 'via%hv=1')],
      },
      vouch('known'),
    ],
    [
      'its own, whatever else a name may mean',
      { alike: ['via%hv=1'], pins: [known, pin('vmssh-via%hv=1', wrong)] },
      vouch('known'),
    ],
    ['of another machine with no name in common', { pins: [pin(other, wrong, 'machine%web')] }, unknown],
    ['pinned, and called by its own UUID', { meant: mint, pins: [known] }, vouch('known', false)],
    [
      "another machine with no name in common that is called as a known one's UUID",
      { alias: other, meant: mint, names: ['machine%db'], pins: [pin(third, third), known] },
      contradict('another machine'),
    ],
    [
      'of a machine that is called by a UUID of which no key is known',
      { alias: other, meant: mint, names: ['machine%db'], pins: [pin(third, third)] },
      unknown,
    ],
    [
      "revoked, of a machine that is called as a known one's UUID",
      { alias: other, meant: mint, pins: [known], revokedIn: '/etc/revoked' },
      contradict('revoked'),
    ],
    [
      "another than the pinned of a machine whose new name was another's, though its manager has it",
      { alias: other, pins: [known, pin(other, third)], ...shows, manager: [print(wrong)] },
      contradict('changed'),
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
      contradict('changed'),
    ],
    [
      'of a machine with a UUID, though another one had a name that may mean it',
      { alike: ['via%hv=1'], pins: [pin(other, wrong, 'via%hv=1')] },
      unknown,
    ],
    [
      'pinned for another machine only, where a source says no UUID',
      { ...nameless, pins: [pin(other, own, 'machine%web')] },
      unknown,
    ],
    [
      'of a machine with two names, where a source says no UUID',
      {
        alias: 'vmssh-machine%mint',
        names: ['machine%mint', 'host%mint'],
        pins: [pin(mint, own, 'machine%mint', 'host%old', 'host%mint')],
      },
      vouch('known', true),
    ],
    [
      'pinned, whose name only the line from before its UUID has',
      { pins: [pin(mint, own), pin('vmssh-machine%mint', own, 'machine%mint')] },
      vouch('known', true),
    ],
    [
      'known by the name of its alias, and meant by no name',
      { ...nameless, names: [], pins: [known] },
      vouch('known', true),
    ],
    [
      'one of two that are pinned, with the name at one of them',
      { pins: [pin(mint, wrong), known] },
      vouch('known', false),
    ],
  ])('%s', (_name, given, want) => expect(decideKey({ ...facts, ...given })).toMatchObject(want));

  it('vouches for no key that nobody knows, whatever else is known', () => {
    for (const alias of [mint, other, 'vmssh-machine%mint', undefined])
      for (const pins of [[], [known], [pin(other, own)], [pin('vmssh-machine%mint', own, 'host%x')]])
        for (const manager of [undefined, [], [print(own)]])
          expect(decideKey({ ...facts, ...shows, alias, pins, manager }).do).not.toBe('vouch');
  });
});

describe('the manager', () => {
  /** The decision, and whether the manager was asked. */
  async function decided(given: Partial<KeyFacts>, keys: readonly string[]) {
    let isAsked = false;
    const answer = await decideByAsking({ ...facts, manager: undefined, ...given }, async () => {
      isAsked = true;
      return keys;
    });
    return { answer, isAsked };
  }

  it.each<
    [name: string, given: Partial<KeyFacts>, keys: readonly string[], answer: object, isAsked: boolean]
  >([
    ['is not asked of a pinned key', { pins: [known] }, [print(wrong)], vouch('known'), false],
    ['is not asked of another', { pins: [known], ...shows }, [print(wrong)], contradict('changed'), false],
    ['has the key', {}, [print(own)], vouch('by manager'), true],
    ['has another', {}, [print(third)], contradict('not by manager'), true],
    ['has none of a name that moved', renamed, [], contradict('another machine'), true],
    ['has none', {}, [], unknown, true],
    ['is none of an address', address, [print(own)], unknown, false],
  ])('%s', async (_name, given, keys, answer, isAsked) => {
    expect(await decided(given, keys)).toMatchObject({ answer, isAsked });
  });
});

const linux = { platform: 'linux', env: {} } as const;
const named = { typed: "ann's", silent: ['machined'], path: '/home/ann/.ssh/vmssh_known_hosts' };

describe('a refused host key', () => {
  const refusals = [
    ['changed', 'HOST_KEY_CHANGED', "if it was reinstalled: vmssh forget 'ann'\\''s'"],
    ['another machine', 'HOST_KEY_CHANGED', "if you expected this: vmssh forget 'ann'\\''s'"],
    ['not brought', 'HOST_KEY_CHANGED', 'do not trust the machine'],
    ['not by manager', 'HOST_KEY_CHANGED', "vmssh check --verbose 'ann'\\''s' "],
    ['not made', 'HOST_KEY_CHANGED', "vmssh guest credentials --undo 'ann'\\''s'"],
    ['revoked', 'HOST_KEY_REVOKED', 'vmssh forget keeps @revoked lines'],
    ['kept twice', 'HOST_KEY_CHANGED', "vmssh forget 'ann'\\''s'"],
    ['another at the address', 'HOST_KEY_CHANGED', "vmssh forget 'ann'\\''s'"],
    ['unknown', 'HOST_KEY_UNKNOWN', "ssh 'ann'\\''s'"],
    ['not asked', 'HOST_KEY_UNKNOWN', 'vmssh list --provider machined'],
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

  it('names the file in which it is revoked', () => {
    expect(explainRefusal('revoked', named, linux).problem).toContain(named.path);
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
