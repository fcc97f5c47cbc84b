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
  isRevoked: false,
  isCertified: false,
  made: undefined,
  manager: [],
  policy: 'accept-new',
};
const shows = { shown: print(wrong) };
const address = { alias: undefined, names: [], reached: { text: 'vsock/7' } };

describe('the decision about a host key', () => {
  it.each<{ name: string; given: Partial<KeyFacts>; want: object }>([
    {
      name: 'nobody said what was reached',
      given: { reached: undefined },
      want: { do: 'nothing', why: 'no record' },
    },
    {
      name: 'revoked, though pinned',
      given: { pins: [known], isRevoked: true },
      want: { do: 'refuse', why: 'revoked' },
    },
    {
      name: 'of an sshd that was brought, beside a pin',
      given: { ...shows, pins: [known], brought: print(wrong), policy: 'strict' },
      want: { do: 'accept', pin: false, why: 'brought' },
    },
    {
      name: 'pinned, where an sshd was brought',
      given: { pins: [known], brought: print(wrong) },
      want: { do: 'refuse', why: 'not brought' },
    },
    {
      name: 'of an sshd that was brought to another machine than the UUID that was typed',
      given: { ...shows, pins: [pin(other, third)], meant: other, brought: print(wrong) },
      want: { do: 'refuse', why: 'another machine' },
    },
    {
      name: 'of an sshd that was brought to another machine than the name meant until now',
      given: { ...shows, pins: [pin(other, third, 'machine%mint')], brought: print(wrong) },
      want: { do: 'accept', pin: false, why: 'brought to another' },
    },
    {
      name: 'of an sshd that was brought, where another one was made beforehand',
      given: { ...shows, made: print(third), brought: print(wrong) },
      want: { do: 'refuse', why: 'not made' },
    },
    {
      name: 'of a CA',
      given: { isCertified: true, policy: 'strict' },
      want: { do: 'accept', why: 'certified', pin: true },
    },
    {
      name: 'of a CA, beside a pin',
      given: { ...shows, pins: [known], isCertified: true },
      want: { do: 'accept', pin: false },
    },
    {
      name: 'made beforehand',
      given: { made: print(own), policy: 'strict' },
      want: { do: 'accept', why: 'made', pin: false },
    },
    {
      name: 'not the made one, though pinned',
      given: { made: print(third), pins: [known] },
      want: { do: 'refuse', why: 'not made' },
    },
    {
      name: 'pinned',
      given: { pins: [known], policy: 'strict' },
      want: { do: 'accept', why: 'known', pin: false },
    },
    {
      name: 'pinned, by a new name',
      given: { pins: [known], names: ['machine%mint', 'host%m'] },
      want: { do: 'accept', why: 'known', pin: true },
    },
    {
      name: 'another than the pinned',
      given: { ...shows, pins: [known] },
      want: { do: 'refuse', why: 'changed' },
    },
    {
      name: 'another, though its manager has it',
      given: { ...shows, pins: [known], manager: [print(wrong)] },
      want: { do: 'refuse', why: 'changed' },
    },
    {
      name: "of a name that was another's: its manager first",
      given: { alias: other, pins: [known], manager: undefined },
      want: { do: 'ask manager' },
    },
    {
      name: "of a name that was another's, by its manager",
      given: { alias: other, pins: [known], ...shows, manager: [print(wrong)], policy: 'strict' },
      want: { do: 'accept', why: 'new machine', pin: true, moved: ['machine%mint'] },
    },
    {
      name: "of a name that was another's, and its manager has another",
      given: { alias: other, pins: [known], ...shows, manager: [print(third)] },
      want: { do: 'refuse', why: 'another machine' },
    },
    {
      name: "of a name that was another's, and nobody can say",
      given: { alias: other, pins: [known], ...shows },
      want: { do: 'refuse', why: 'another machine' },
    },
    {
      name: "of a name that was another's, whose own key is known",
      given: { alias: other, pins: [known, pin(other, wrong)], ...shows },
      want: { do: 'refuse', why: 'another machine' },
    },
    {
      name: "of a name that was another's, which shows its key",
      given: { alias: other, pins: [known] },
      want: { do: 'refuse', why: 'another machine' },
    },
    {
      name: 'first, its manager is asked',
      given: { manager: undefined, policy: 'strict' },
      want: { do: 'ask manager' },
    },
    {
      name: 'first, its manager has it',
      given: { manager: [print(third), print(own)], policy: 'strict' },
      want: { do: 'accept', why: 'by manager', pin: true },
    },
    {
      name: 'first, its manager has another',
      given: { manager: [print(third)] },
      want: { do: 'refuse', why: 'not by manager' },
    },
    { name: 'first, accept-new', given: {}, want: { do: 'accept', why: 'first', pin: true } },
    { name: 'first, ask', given: { policy: 'ask' }, want: { do: 'ask user', pin: true } },
    { name: 'first, strict', given: { policy: 'strict' }, want: { do: 'refuse', why: 'unknown' } },
    {
      name: 'first, of a policy that was not looked for',
      given: { policy: undefined },
      want: { do: 'ask policy' },
    },
    {
      name: 'known, of a policy that was not looked for',
      given: { pins: [known], policy: undefined },
      want: { do: 'accept', why: 'known' },
    },
    {
      name: "another machine that is called as a known one's UUID",
      given: { alias: other, meant: mint, pins: [known], ...shows },
      want: { do: 'refuse', why: 'another machine' },
    },
    {
      name: 'of an address',
      given: { ...address, manager: undefined },
      want: { do: 'accept', why: 'address', pin: false },
    },
    {
      name: 'of an address, ask',
      given: { ...address, policy: 'ask' },
      want: { do: 'ask user', pin: false },
    },
    {
      name: 'of an address, whose source did not answer',
      given: { ...address, reached: { text: 'vsock/7', silent: ['machined'] } },
      want: { do: 'ask user', pin: false },
    },
    {
      name: 'of an address, whose source did not answer, strict',
      given: { ...address, reached: { text: 'vsock/7', silent: ['machined'] }, policy: 'strict' },
      want: { do: 'refuse', why: 'unknown' },
    },
    {
      name: 'of an address, strict',
      given: { ...address, policy: 'strict' },
      want: { do: 'refuse', why: 'unknown' },
    },
    {
      name: 'from before it had a UUID',
      given: { pins: [pin('vmssh-machine%mint', own)] },
      want: { do: 'accept', why: 'known', pin: true },
    },
    {
      name: 'another than before it had a UUID',
      given: { ...shows, pins: [pin('vmssh-machine%mint', own)] },
      want: { do: 'refuse', why: 'changed' },
    },
    {
      name: 'where a source says no UUID',
      given: { alias: 'vmssh-machine%mint', pins: [known] },
      want: { do: 'accept', why: 'known' },
    },
    {
      name: 'another, where a source says no UUID',
      given: { alias: 'vmssh-machine%mint', ...shows, pins: [known] },
      want: { do: 'refuse', why: 'changed' },
    },
    {
      name: 'kept by its name too, since another source says no UUID',
      given: { pins: [known, pin('vmssh-machine%mint', own, 'machine%mint')] },
      want: { do: 'accept', why: 'known', pin: false },
    },
    {
      name: 'another, kept by its name too',
      given: { ...shows, pins: [known, pin('vmssh-machine%mint', own, 'machine%mint')] },
      want: { do: 'refuse', why: 'changed' },
    },
    {
      name: 'known by a name that may mean the same machine',
      given: { alike: ['via%hv=1'], pins: [pin('vmssh-via%hv=1', own)], policy: 'strict' },
      want: { do: 'accept', why: 'known', pin: true },
    },
    {
      name: 'another than that of a name that may mean the same machine',
      given: { ...shows, alias: 'vmssh-via%hv=2', alike: ['via%hv=1'], pins: [pin(mint, own, 'via%hv=1')] },
      want: { do: 'refuse', why: 'changed' },
    },
    {
      name: 'its own, though another machine has its name too',
      given: {
        alias: 'vmssh-via%hv=1',
        names: ['via%hv=1'],
        pins: [pin('vmssh-via%hv=1', own, 'via%hv=1'), pin('vmssh-via%hv=2', wrong, 'via%hv=2', 'via%hv=1')],
      },
      want: { do: 'accept', why: 'known' },
    },
    {
      name: 'its own, whatever else a name may mean',
      given: { alike: ['via%hv=1'], pins: [known, pin('vmssh-via%hv=1', wrong)] },
      want: { do: 'accept', why: 'known' },
    },
    {
      name: 'of another machine with no name in common',
      given: { pins: [pin(other, wrong, 'machine%web')] },
      want: { do: 'accept', why: 'first' },
    },
    {
      name: 'pinned, and called by its own UUID',
      given: { meant: mint, pins: [known] },
      want: { do: 'accept', why: 'known', pin: false },
    },
    {
      name: "another machine with no name in common that is called as a known one's UUID",
      given: { alias: other, meant: mint, names: ['machine%db'], pins: [pin(third, third), known] },
      want: { do: 'refuse', why: 'another machine' },
    },
    {
      name: 'of a machine that is called by a UUID of which no key is known',
      given: { alias: other, meant: mint, names: ['machine%db'], pins: [pin(third, third)] },
      want: { do: 'accept', why: 'first', pin: true },
    },
    {
      name: "revoked, of a machine that is called as a known one's UUID",
      given: { alias: other, meant: mint, pins: [known], isRevoked: true },
      want: { do: 'refuse', why: 'revoked' },
    },
    {
      name: "another than the pinned of a machine whose new name was another's, though its manager has it",
      given: { alias: other, pins: [known, pin(other, third)], ...shows, manager: [print(wrong)] },
      want: { do: 'refuse', why: 'changed' },
    },
    {
      name: 'another than that of a name that may mean the same machine, though a third one had its name',
      given: {
        ...shows,
        alias: 'vmssh-via%hv=2',
        names: ['via%hv=2'],
        alike: ['via%hv=1'],
        pins: [pin('vmssh-via%hv=1', own), pin(other, wrong, 'via%hv=2')],
      },
      want: { do: 'refuse', why: 'changed' },
    },
    {
      name: 'of a machine with a UUID, though another one had a name that may mean it',
      given: { alike: ['via%hv=1'], pins: [pin(other, wrong, 'via%hv=1')] },
      want: { do: 'accept', why: 'first' },
    },
    {
      name: 'pinned for another machine only, where a source says no UUID',
      given: { alias: 'vmssh-machine%mint', pins: [pin(other, own, 'machine%web')], policy: 'strict' },
      want: { do: 'refuse', why: 'unknown' },
    },
    {
      name: 'of a machine with two names, where a source says no UUID',
      given: {
        alias: 'vmssh-machine%mint',
        names: ['machine%mint', 'host%mint'],
        pins: [pin(mint, own, 'machine%mint', 'host%old', 'host%mint')],
      },
      want: { do: 'accept', why: 'known', pin: true },
    },
    {
      name: 'pinned, whose name only the line from before its UUID has',
      given: { pins: [pin(mint, own), pin('vmssh-machine%mint', own, 'machine%mint')] },
      want: { do: 'accept', why: 'known', pin: true },
    },
    {
      name: 'one of two that are pinned, with the name at one of them',
      given: { pins: [pin(mint, wrong), known] },
      want: { do: 'accept', why: 'known', pin: false },
    },
  ])('$name', ({ given, want }) => expect(decideKey({ ...facts, ...given })).toMatchObject(want));

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
        return policy;
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
    expect(await decided({ alias: other, pins: [known] }, [], 'accept-new')).toMatchObject({
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
  it.each([
    ['changed', 'HOST_KEY_CHANGED', "if you expected this: vmssh forget 'ann'\\''s'"],
    ['another machine', 'HOST_KEY_CHANGED', "if you expected this: vmssh forget 'ann'\\''s'"],
    ['not brought', 'HOST_KEY_CHANGED', 'do not trust the machine'],
    ['not by manager', 'HOST_KEY_CHANGED', "vmssh check --verbose 'ann'\\''s' "],
    ['not made', 'HOST_KEY_CHANGED', "vmssh guest credentials --undo 'ann'\\''s'"],
    ['revoked', 'HOST_KEY_REVOKED', 'vmssh forget keeps @revoked lines'],
    ['unknown', 'HOST_KEY_UNKNOWN', 'accept it once: VMSSH_HOST_KEYS=accept-new'],
    ['not asked', 'HOST_KEY_UNKNOWN', 'accept it once: VMSSH_HOST_KEYS=accept-new'],
    ['not kept', 'HOST_KEY_UNKNOWN', `check who may write ${named.path}`],
  ] as const)('has a fix: %s', (why, code, hint) => {
    expect(explainRefusal(why, named, linux)).toMatchObject({
      code,
      final: true,
      hint: expect.stringContaining(hint),
    });
  });

  it('has a reason of its own, which is not left out', () => {
    const reasons = [
      'revoked',
      'not brought',
      'not made',
      'changed',
      'another machine',
      'not by manager',
      'unknown',
      'not asked',
      'not kept',
    ] as const;
    const problems = reasons.map((why) => explainRefusal(why, named, linux).problem);
    expect(new Set(problems).size).toBe(reasons.length);
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
