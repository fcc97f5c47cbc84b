import { ConnectError } from '../errors.js';
import { fingerprintOf } from '../identity/known-hosts.js';
import { type HostKeyPolicy, policyOfEnv } from '../identity/policy.js';
import type { ReachedRecord } from '../identity/record.js';
import { factsFor, machineKeys, refusalOf } from './machine-keys.js';
import { settleKey } from './settle-key.js';

/** What was reached, and how it is called. */
export interface Shown {
  readonly reached: ReachedRecord;
  /** What was typed, without a user. */
  readonly typed: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** What is done about a key that no machine is known by; nobody can be asked. */
  readonly policy: () => Promise<HostKeyPolicy>;
}

/**
 * Decides about the host key of what was reached as at a login by ssh: the same keys are known, and an accepted new one is kept. `blob`:
 * as the server shows it (RFC 4253, 6.6). Throws a ConnectError for a key that is refused.
 */
export async function verifyHostKey(blob: Buffer, shown: Shown): Promise<void> {
  const { reached, typed, env, platform, policy } = shown;
  const plain = { type: typeOf(blob), key: blob.toString('base64') };
  const keys = await machineKeys(reached, { typed }, env);
  const said = policyOfEnv(env);
  const answer = await settleKey(
    factsFor(keys, plain, said),
    { keys, plain, env, platform },
    { policy, user: () => false, notKept() {} },
  );
  if (answer.do === 'accept') return;
  const why = answer.do === 'refuse' ? answer.why : 'unknown';
  const { code, problem, hint } = refusalOf(why, keys, typed, shown);
  throw new ConnectError('handshake', typed, {
    code,
    final: true,
    problem: `its host key ${plain.type} ${fingerprintOf(blob)} is refused: ${problem}`,
    hint,
  });
}

/** The first string of a public key blob. */
function typeOf(blob: Buffer): string {
  return blob.length < 4 ? '' : blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
}
