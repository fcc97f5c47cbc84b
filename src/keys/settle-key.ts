import { dirname } from 'node:path';
import { ConnectError } from '../base/errors.js';
import type { Env } from '../base/runtime.js';
import { makeFolder } from '../files/place.js';
import { fingerprintOf, keyTypeOf, type ShownKey } from '../ssh/known-hosts.js';
import { decideByAsking, type KeyAnswer, type KeyFacts } from './decide.js';
import { leaveNote, longInbox, takeInbox } from './inbox.js';
import { keyOwner } from './key-owner.js';
import { factsFor, type MachineKeys, machineKeys, refusalOf } from './machine-keys.js';
import { pinKey, pinPrint } from './pins.js';
import type { ReachedRecord } from './record.js';

/** The key itself, also of a certificate, and what is known of the machine that showed it. */
interface KeyQuestion {
  readonly keys: MachineKeys;
  readonly plain: ShownKey;
  readonly env: Env;
  readonly platform: NodeJS.Platform;
  /** ssh keeps no key of what is reached by that name, and none that it has kept counts. */
  readonly keepsNone?: boolean;
  /** Who has read that key in the machine, or knows it: it counts as the manager's word. */
  readonly vouched?: 'manager' | 'you' | undefined;
}

interface KeyCaller {
  /** From now on no program is asked. */
  asked?(): void;
  notKept?(path: string, error: Error): Promise<void>;
}

export type Settled = Exclude<KeyAnswer, { do: 'ask manager' }>;

/** Decides about a key that was shown: asks the manager if that counts, and keeps what it vouches for. */
export async function settleKey(
  shown: ShownKey,
  question: KeyQuestion,
  caller: KeyCaller = {},
): Promise<Settled> {
  const { keys, vouched } = question;
  const facts = factsFor(keys, shown, question.keepsNone);
  const answer = await decideByAsking(facts, async () => {
    if (vouched) return [facts.shown];
    const { managerPrints } = await import('./manager-keys.js');
    return managerPrints(keys.reached, question, facts.shown);
  });
  caller.asked?.();
  return answer.do === 'vouch' ? kept(answer, facts, question, caller) : answer;
}

/** Pins a key. One that another login has pinned meanwhile is the only one. */
async function kept(
  answer: Extract<KeyAnswer, { do: 'vouch' }>,
  { names }: KeyFacts,
  { keys, plain, env, vouched = 'manager' }: KeyQuestion,
  caller: KeyCaller,
): Promise<Settled> {
  const { alias, pins, path } = keys;
  if (!answer.pin || alias === undefined) return answer;
  try {
    await makeFolder(dirname(path));
    const isNew = answer.why === 'by manager' || answer.why === 'new machine';
    // What ssh has kept, by the name that it was shown under.
    const bySsh = pins.find((pin) => pin.isInbox && pin.alias === alias && pin.key === plain.key);
    const isShared = bySsh?.isShared ?? ((isNew && (await hasSharedUuid(keys, env))) || undefined);
    const isRoots = pins.some((pin) => pin.isRoots && pin.alias === alias) || undefined;
    const by = isRoots ? 'system' : isNew ? vouched : undefined;
    const comment = bySsh?.comment ?? (by && `${today()} ${by}`);
    const all = [...new Set([...(bySsh?.names ?? []), ...names])];
    const pin = { ...plain, alias, names: all, comment, isRoots, isShared };
    const pinned = await pinKey(path, pin, answer.moved);
    return pinned === 'lost' ? { do: 'contradict', why: 'changed' } : answer;
  } catch (error) {
    // The key is there; only a name of it is not.
    if (answer.why === 'known') return answer;
    // Whoever vouches for it does so at the next login again.
    await caller.notKept?.(path, error as Error);
    return { ...answer, pin: false };
  }
}

/** Notes whose key ssh is about to decide on. Without a note it is kept for that one name. */
export async function noteKey({ keys, plain, env }: KeyQuestion): Promise<void> {
  const { alias, names, host, path, inbox } = keys;
  if (alias === undefined || host === undefined) return;
  const isShared = (await hasSharedUuid(keys, env)) || undefined;
  const note = { host, print: pinPrint(plain), pin: { alias, names, comment: `${today()} ssh`, isShared } };
  try {
    await makeFolder(dirname(path));
    const isLong = inbox.length > longInbox;
    if (isLong) await takeInbox(path);
    leaveNote(path, note, isLong ? Buffer.alloc(0) : inbox);
  } catch {}
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/** Whether `config install` has seen another machine with its UUID. */
async function hasSharedUuid({ reached: { machine } }: MachineKeys, env: Env): Promise<boolean> {
  const { idHere, writtenHosts } = await import('../book/same.js');
  const id = machine && idHere(machine);
  const all = id === undefined ? [] : await writtenHosts({ env });
  return all.filter((entry) => idHere(entry) === id && !entry.gone).length > 1;
}

interface JudgeOptions extends Pick<KeyQuestion, 'env' | 'platform' | 'vouched'> {
  readonly reached: ReachedRecord;
  readonly typed: string;
}

/** What this host knows of a host key: whether it is the machine's, or must not be accepted, or nobody can say. */
export type HostKeyVerdict = 'known' | 'contradicted' | 'unknown';

export interface JudgedKey {
  readonly verdict: HostKeyVerdict;
  /** Of a key that is not known: what ssh2 has to end with. */
  readonly refusal?: ConnectError;
}

/** Says of a host key what ssh would be told at a login, and keeps it if somebody vouches for it. `blob`: as the server shows it. */
export async function judgeHostKey(blob: Buffer, shown: JudgeOptions): Promise<JudgedKey> {
  const { reached, typed, env, platform, vouched } = shown;
  const plain = { type: keyTypeOf(blob), key: blob.toString('base64') };
  const keys = await machineKeys(await keyOwner(reached, { typed }, env), env);
  const answer = await settledFor({ keys, plain, env, platform, vouched });
  const isUnknown = answer.do === 'nothing' && answer.why !== 'filed';
  if (answer.do !== 'contradict' && !isUnknown) return { verdict: 'known' };
  const refused = answer.do === 'contradict' ? answer : ({ why: 'unknown' } as const);
  const { problem: why, ...refusal } = refusalOf(refused, keys, typed, shown);
  const problem = `its host key ${plain.type} ${fingerprintOf(blob)} is refused: ${why}`;
  const verdict = answer.do === 'contradict' ? 'contradicted' : 'unknown';
  return { verdict, refusal: new ConnectError('handshake', typed, { ...refusal, problem }) };
}

async function settledFor(question: KeyQuestion): Promise<Settled> {
  const { keys, plain, env } = question;
  // What ssh does itself, before it asks vmssh.
  if (keys.revoked.length > 0 && !keys.reached.brought) {
    const { revokedIn } = await import('./accepted.js');
    const file = await revokedIn(keys, plain, env);
    if (file !== undefined) return { do: 'contradict', why: 'revoked', file };
  }
  return settleKey(plain, question);
}
