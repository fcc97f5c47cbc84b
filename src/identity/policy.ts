/** What is done about a key that no machine is known by. */
export type HostKeyPolicy = 'accept-new' | 'ask' | 'strict';

export const hostKeyPolicies: readonly HostKeyPolicy[] = ['accept-new', 'ask', 'strict'];
