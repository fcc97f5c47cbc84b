import { dirname } from 'node:path';
import { ConnectError } from '../errors.js';
import { makeFolder } from '../files/place.js';
import type { ShownKey } from '../identity/certificate.js';
import { decideByAsking, type KeyAnswer, type KeyFacts } from '../identity/decide.js';
import { fingerprintOf, keyTypeOf } from '../identity/known-hosts.js';
import { pinKey } from '../identity/pins.js';
import { type HostKeyPolicy, policyOfEnv } from '../identity/policy.js';
import type { ReachedRecord } from '../identity/record.js';
import type { Env } from '../runtime.js';
import { ownHome } from './folder.js';
import { factsFor, type MachineKeys, machineKeys, refusalOf } from './machine-keys.js';

/** The key itself, also of a certificate, and what is known of the machine that showed it. */
interface KeyQuestion {
  readonly keys: MachineKeys | undefined;
  readonly plain: ShownKey;
  readonly env: Env;
  readonly platform: NodeJS.Platform;
}

/** What only the caller can answer. */
interface KeyCaller {
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
  const { keys, plain, env } = question;
  if (keys && keys.revoked.length > 0 && answer.do !== 'refuse' && !keys.reached.brought) {
    const { isRevokedIn } = await import('./revoked.js');
    if (await isRevokedIn(keys, plain, env)) return { do: 'refuse', why: 'revoked' };
  }
  caller.asked?.();
  if (answer.do !== 'accept' && answer.do !== 'ask user') return answer;
  if (answer.do === 'accept') return kept(answer, { ...facts, policy }, question, caller);
  if (!caller.user()) return { do: 'refuse', why: 'not asked' };
  const confirmed = { do: 'accept', pin: answer.pin, why: answer.pin ? 'known' : 'address' } as const;
  return kept(confirmed, { ...facts, policy }, question, caller);
}

/** Pins an accepted key. One that another login has pinned meanwhile is the only one. */
async function kept(
  answer: Extract<KeyAnswer, { do: 'accept' }>,
  { policy, names }: KeyFacts,
  { keys, plain, env }: KeyQuestion,
  caller: KeyCaller,
): Promise<Settled> {
  if (!answer.pin || keys?.alias === undefined) return answer;
  try {
    await makeFolder(dirname(keys.path));
    const isShared =
      answer.why !== 'known' && (await hasSharedUuid(keys, env)) ? ({ isShared: true } as const) : {};
    const pinned = await pinKey(keys.path, { ...plain, alias: keys.alias, names, ...isShared }, answer.moved);
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

/** Whether `config install` has seen another machine with its UUID. */
async function hasSharedUuid({ reached: { machine } }: MachineKeys, env: Env): Promise<boolean> {
  const { uuid, via } = machine ?? {};
  if (uuid === undefined || via !== undefined) return false;
  const { readState, stateFile } = await import('./config/state.js');
  const all = (await readState(stateFile(ownHome(env))))?.machines ?? [];
  return all.filter((each) => each.uuid === uuid && each.via === undefined && !each.gone).length > 1;
}

/** What was reached, and how it is called. */
interface Shown extends Pick<KeyQuestion, 'env' | 'platform'> {
  readonly reached: ReachedRecord;
  /** What was typed, without a user. */
  readonly typed: string;
  /** What is done about a key that no machine is known by; nobody can be asked. */
  readonly policy: () => Promise<HostKeyPolicy>;
}

/** Decides about a host key as at a login by ssh, and keeps one that is new. `blob`: as the server shows it. Throws a ConnectError for one that is refused. */
export async function verifyHostKey(blob: Buffer, shown: Shown): Promise<void> {
  const { reached, typed, env, platform, policy } = shown;
  const plain = { type: keyTypeOf(blob), key: blob.toString('base64') };
  const keys = await machineKeys(reached, { typed }, env);
  const said = policyOfEnv(env);
  const answer = await settleKey(
    factsFor(keys, plain, said),
    { keys, plain, env, platform },
    { policy, user: () => false, notKept() {} },
  );
  if (answer.do === 'accept') return;
  const why = answer.do === 'refuse' ? answer.why : 'unknown';
  const { code, final, problem, hint } = refusalOf(why, keys, typed, shown);
  throw new ConnectError('handshake', typed, {
    code,
    final,
    problem: `its host key ${plain.type} ${fingerprintOf(blob)} is refused: ${problem}`,
    hint,
  });
}
