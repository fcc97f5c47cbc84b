import { dirname } from 'node:path';
import { ConnectError } from '../errors.js';
import { makeFolder } from '../files/place.js';
import { decideByAsking, type KeyAnswer, type KeyFacts } from '../identity/decide.js';
import { fingerprintOf, keyTypeOf, type ShownKey } from '../identity/known-hosts.js';
import { pinKey } from '../identity/pins.js';
import type { HostKeyPolicy } from '../identity/policy.js';
import type { ReachedRecord } from '../identity/record.js';
import type { Env } from '../runtime.js';
import { ownHome } from './folder.js';
import { keyOwner } from './key-owner.js';
import {
  factsFor,
  type LoginPolicy,
  type MachineKeys,
  machineKeys,
  type Refused,
  refusalOf,
  withRevoked,
} from './machine-keys.js';

/** The key itself, also of a certificate, and what is known of the machine that showed it. */
interface KeyQuestion {
  readonly keys: MachineKeys;
  readonly plain: ShownKey;
  readonly env: Env;
  readonly platform: NodeJS.Platform;
}

interface KeyCaller {
  /** Asked for an unknown key only. */
  policy(): Promise<LoginPolicy>;
  /** From now on no program is asked. */
  asked?(): void;
  user(): boolean;
  notKept(path: string, error: Error): void;
}

export type Settled = Exclude<KeyAnswer, { do: 'ask manager' | 'ask policy' | 'ask user' }>;

/** Decides about a key that was shown: asks those who have to be asked, and keeps what is accepted. */
export async function settleKey(shown: ShownKey, question: KeyQuestion, caller: KeyCaller): Promise<Settled> {
  const { keys } = question;
  const facts = factsFor(keys, shown);
  let policy: HostKeyPolicy | undefined;
  const answer = await decideByAsking(facts, {
    manager: async () => {
      const { managerPrints } = await import('../identity/manager-keys.js');
      return managerPrints(keys.reached, question, facts.shown);
    },
    policy: async () => {
      const asked = await caller.policy();
      policy = asked.policy;
      return withRevoked(keys, shown, asked);
    },
  });
  caller.asked?.();
  if (answer.do !== 'accept' && answer.do !== 'ask user') return answer;
  if (answer.do === 'accept') return kept(answer, { ...facts, policy }, question, caller, words[answer.why]);
  if (!caller.user()) return { do: 'refuse', why: 'not asked' };
  const confirmed = { do: 'accept', pin: answer.pin, why: answer.pin ? 'known' : 'address' } as const;
  return kept(confirmed, { ...facts, policy }, question, caller, 'you');
}

/** By whose word a key is accepted, as its line says. */
const words: Readonly<Record<string, string>> = {
  'by manager': 'manager',
  'new machine': 'manager',
  certified: 'ca',
  first: 'first-login',
};

/** Pins an accepted key. One that another login has pinned meanwhile is the only one. */
async function kept(
  answer: Extract<KeyAnswer, { do: 'accept' }>,
  { policy, names }: KeyFacts,
  { keys, plain, env }: KeyQuestion,
  caller: KeyCaller,
  word: string | undefined,
): Promise<Settled> {
  if (!answer.pin || keys.alias === undefined) return answer;
  try {
    await makeFolder(dirname(keys.path));
    const isShared = (answer.why !== 'known' && (await hasSharedUuid(keys, env))) || undefined;
    const isRoots = keys.pins.some((pin) => pin.isRoots && pin.alias === keys.alias) || undefined;
    const by = isRoots ? 'system' : word;
    const comment = by && `${new Date().toISOString().slice(0, 10)} ${by}`;
    const pin = { ...plain, alias: keys.alias, names, comment, isRoots, isShared };
    const pinned = await pinKey(keys.path, pin, answer.moved);
    return pinned === 'lost' ? { do: 'refuse', why: 'changed' } : answer;
  } catch (error) {
    // The key is there; only a name of it is not.
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

interface Shown extends Pick<KeyQuestion, 'env' | 'platform'> {
  readonly reached: ReachedRecord;
  readonly typed: string;
  /** What is done about a key that no machine is known by; nobody can be asked. */
  readonly policy: () => Promise<LoginPolicy>;
}

/** Decides about a host key as at a login by ssh, and keeps one that is new. `blob`: as the server shows it. Throws a ConnectError for one that is refused. */
export async function verifyHostKey(blob: Buffer, shown: Shown): Promise<void> {
  const { reached, typed, env, platform, policy } = shown;
  const plain = { type: keyTypeOf(blob), key: blob.toString('base64') };
  const keys = await machineKeys(await keyOwner(reached, { typed }, env), env);
  const refused = await refusalFor({ keys, plain, env, platform }, policy);
  if (refused === undefined) return;
  const { problem: why, ...refusal } = refusalOf(refused, keys, typed, shown);
  const problem = `its host key ${plain.type} ${fingerprintOf(blob)} is refused: ${why}`;
  throw new ConnectError('handshake', typed, { ...refusal, problem });
}

/** Undefined: it is accepted. */
async function refusalFor(question: KeyQuestion, policy: Shown['policy']): Promise<Refused | undefined> {
  const { keys, plain, env } = question;
  // What ssh does itself, before it asks vmssh.
  if (keys.revoked.length > 0 && !keys.reached.brought) {
    const { revokedIn } = await import('./revoked.js');
    const file = await revokedIn(keys, plain, env);
    if (file !== undefined) return { why: 'revoked', file };
  }
  const answer = await settleKey(plain, question, { policy, user: () => false, notKept() {} });
  if (answer.do === 'accept') return undefined;
  return answer.do === 'refuse' ? answer : { why: 'unknown' };
}
