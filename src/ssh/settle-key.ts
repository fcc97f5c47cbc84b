import { dirname } from 'node:path';
import { makeFolder } from '../files/place.js';
import type { ShownKey } from '../identity/certificate.js';
import { decideKey, type KeyAnswer, type KeyFacts } from '../identity/decide.js';
import { fingerprintOf } from '../identity/known-hosts.js';
import { pinKey } from '../identity/pins.js';
import type { HostKeyPolicy } from '../identity/policy.js';
import type { MachineKeys } from './machine-keys.js';

/** The key itself, also of a certificate, and what is known of the machine that showed it. */
export interface KeyQuestion {
  readonly keys: MachineKeys | undefined;
  readonly plain: ShownKey;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

/** What only the caller can answer. */
export interface KeyCaller {
  /** The policy, if the facts have none. */
  policy(): Promise<HostKeyPolicy>;
  /** Whether the user confirms the key. */
  user(): boolean;
  /** An accepted key could not be kept. */
  notKept(path: string, error: Error): void;
}

export type Settled = Exclude<KeyAnswer, { do: 'ask manager' | 'ask policy' | 'ask user' }>;

/** Decides about a key that was shown: asks those who have to be asked, and keeps what is accepted. */
export async function settleKey(facts: KeyFacts, question: KeyQuestion, caller: KeyCaller): Promise<Settled> {
  const answer = decideKey(facts);
  switch (answer.do) {
    case 'ask policy':
      return settleKey({ ...facts, policy: await caller.policy() }, question, caller);
    case 'ask manager':
      return settleKey({ ...facts, manager: await askManager(question) }, question, caller);
    case 'ask user':
      if (!caller.user()) return { do: 'refuse', why: 'not asked' };
      return answer.pin
        ? kept({ do: 'accept', pin: true, why: 'known' }, facts, question, caller)
        : { do: 'accept', pin: false, why: 'address' };
    case 'accept':
      return kept(answer, facts, question, caller);
    default:
      return answer;
  }
}

/** Pins an accepted key. One that another login has pinned meanwhile is the only one. */
async function kept(
  answer: Extract<KeyAnswer, { do: 'accept' }>,
  { policy, names }: KeyFacts,
  { keys, plain }: KeyQuestion,
  caller: KeyCaller,
): Promise<Settled> {
  if (!answer.pin || keys?.alias === undefined) return answer;
  try {
    await makeFolder(dirname(keys.path));
    const pinned = await pinKey(keys.path, { ...plain, alias: keys.alias, names }, answer.moved);
    return pinned === 'lost' ? { do: 'refuse', why: 'changed' } : answer;
  } catch (error) {
    // It is there; only a name of it is not.
    if (answer.why === 'known') return answer;
    caller.notKept(keys.path, error as Error);
    if ((policy ?? (await caller.policy())) === 'strict') return { do: 'refuse', why: 'not kept' };
    return { ...answer, pin: false };
  }
}

/** The fingerprints of the keys that the machine's manager reads in its files; none if nobody can say. */
async function askManager({ keys, plain, env, platform }: KeyQuestion): Promise<readonly string[]> {
  const machine = keys?.reached.machine;
  if (machine === undefined) return [];
  const [{ managerKeys }, { ownEnv }] = await Promise.all([
    import('../identity/manager-keys.js'),
    import('../sources/own-env.js'),
  ]);
  const found = await managerKeys(machine, { env: ownEnv(env), platform }, `${plain.type} ${plain.key}`);
  return (found ?? []).map((line) => fingerprintOf(Buffer.from(line.split(' ')[1] ?? '', 'base64')));
}
