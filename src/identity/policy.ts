import type { Env } from '../runtime.js';

/** What is done about a key that no machine is known by. */
export type HostKeyPolicy = 'accept-new' | 'ask' | 'strict';

/** The weakest first. */
export const hostKeyPolicies: readonly HostKeyPolicy[] = ['accept-new', 'ask', 'strict'];

/** What was asked of a login by an unknown key. */
export interface AskedPolicy {
  readonly policy: HostKeyPolicy;
  /** Whether ssh itself takes any key: `StrictHostKeyChecking no`. */
  readonly takesAny: boolean;
  /** Set if the system's policy is stricter than the user's. */
  readonly bySystem?: true;
  /** The signatures that count in a certificate (CASignatureAlgorithms). */
  readonly caAlgorithms: readonly string[];
}

/** What VMSSH_HOST_KEYS says for once; a wrong word must not let in more. */
export function policyOfEnv(env: Env): HostKeyPolicy | undefined {
  const said = env.VMSSH_HOST_KEYS ?? '';
  return said === '' ? undefined : (policyOf(said) ?? 'strict');
}

export function policyOf(word: unknown): HostKeyPolicy | undefined {
  return hostKeyPolicies.find((each) => each === word);
}

export function strictest(...said: readonly (HostKeyPolicy | undefined)[]): HostKeyPolicy | undefined {
  return hostKeyPolicies.findLast((each) => said.includes(each));
}
