import type { Env } from '../runtime.js';

/** What is done about a key that no machine is known by. */
export type HostKeyPolicy = 'accept-new' | 'ask' | 'strict';

export const hostKeyPolicies: readonly HostKeyPolicy[] = ['accept-new', 'ask', 'strict'];

/** What VMSSH_HOST_KEYS says for once; a wrong word must not let in more. */
export function policyOfEnv(env: Env): HostKeyPolicy | undefined {
  const said = env.VMSSH_HOST_KEYS ?? '';
  return said === '' ? undefined : (hostKeyPolicies.find((each) => each === said) ?? 'strict');
}
