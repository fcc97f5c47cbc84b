import { ConnectError, quote } from '../errors.js';
import type { Why } from '../identity/decide.js';
import { fingerprintOf } from '../identity/known-hosts.js';
import { type HostKeyPolicy, policyOfEnv } from '../identity/policy.js';
import type { ReachedRecord } from '../identity/record.js';
import { shellOf, shellQuoted } from '../target/shell.js';
import { factsFor, type MachineKeys, machineKeys } from './machine-keys.js';
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
  throw refusal(answer.why, `${plain.type} ${fingerprintOf(blob)}`, keys, shown);
}

/** The first string of a public key blob. */
function typeOf(blob: Buffer): string {
  return blob.length < 4 ? '' : blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
}

function refusal(why: Why, key: string, { made, path }: MachineKeys, { typed, env, platform }: Shown) {
  const name = shellQuoted(typed, shellOf({ env, platform }));
  const forget = `if you expected this: vmssh forget ${name}`;
  const fail = (code: string, problem: string, hint: string) =>
    new ConnectError('handshake', typed, {
      code,
      final: true,
      problem: `its host key ${key} is refused: ${problem}`,
      hint,
    });
  switch (why) {
    case 'revoked':
      return fail('HOST_KEY_REVOKED', 'it is revoked', 'give the machine another host key');
    case 'not made': {
      const own = quote(made?.keys.name ?? typed);
      return fail(
        'HOST_KEY_CHANGED',
        `it is not the one that vmssh guest credentials made for ${own}`,
        `vmssh check ${name} shows more`,
      );
    }
    case 'another machine':
      return fail('HOST_KEY_CHANGED', 'the name meant another machine until now', forget);
    case 'not by manager':
      return fail('HOST_KEY_CHANGED', 'it is not one that its manager reads in the machine', forget);
    case 'unknown':
    case 'not asked':
      return fail(
        'HOST_KEY_UNKNOWN',
        'no key of this machine is known, and your policy does not accept a new one by itself',
        `if it is the right one: VMSSH_HOST_KEYS=accept-new vmssh ssh ${name}, once`,
      );
    case 'not kept':
      return fail('HOST_KEY_UNKNOWN', `it cannot be kept in ${path}`, `check who may write ${path}`);
    default:
      return fail(
        'HOST_KEY_CHANGED',
        'another key of this machine is known: it was reinstalled, or another one answers for it',
        forget,
      );
  }
}
