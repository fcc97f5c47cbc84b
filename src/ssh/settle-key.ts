import { dirname } from 'node:path';
import { makeFolder } from '../files/place.js';
import type { ShownKey } from '../identity/certificate.js';
import { decideByAsking, type KeyAnswer, type KeyFacts } from '../identity/decide.js';
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
  /** From now on no program is asked. */
  asked?(): void;
  /** Whether the user confirms the key. */
  user(): boolean;
  /** An accepted key could not be kept. */
  notKept(path: string, error: Error): void;
}

export type Settled = Exclude<KeyAnswer, { do: 'ask manager' | 'ask policy' | 'ask user' }>;

/** Decides about a key that was shown: asks those who have to be asked, and keeps what is accepted. */
export async function settleKey(facts: KeyFacts, question: KeyQuestion, caller: KeyCaller): Promise<Settled> {
  let { policy } = facts;
  const answer = await decideByAsking(facts, {
    manager: async () => {
      const { managerPrints } = await import('../identity/manager-keys.js');
      return managerPrints(question.keys?.reached, question, facts.shown);
    },
    policy: async () => {
      policy = await caller.policy();
      return policy;
    },
  });
  caller.asked?.();
  if (answer.do === 'accept') return kept(answer, { ...facts, policy }, question, caller);
  if (answer.do !== 'ask user') return answer;
  if (!caller.user()) return { do: 'refuse', why: 'not asked' };
  return answer.pin
    ? kept({ do: 'accept', pin: true, why: 'known' }, { ...facts, policy }, question, caller)
    : { do: 'accept', pin: false, why: 'address' };
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
    // If no policy was asked for, the manager has confirmed the key.
    if (policy === 'strict') return { do: 'refuse', why: 'not kept' };
    return { ...answer, pin: false };
  }
}
