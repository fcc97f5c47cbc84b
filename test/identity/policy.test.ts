import { describe, expect, it } from 'vitest';
import { hostKeyPolicies, policyOfEnv } from '../../src/identity/policy.js';

describe('VMSSH_HOST_KEYS', () => {
  it.each(['accept-new', 'ask', 'strict'] as const)('is the policy for once: %s', (policy) => {
    expect(hostKeyPolicies).toContain(policy);
    expect(policyOfEnv({ VMSSH_HOST_KEYS: policy })).toBe(policy);
  });

  it.each([{}, { VMSSH_HOST_KEYS: undefined }, { VMSSH_HOST_KEYS: '' }])(
    'says nothing if it is not set or empty: %j',
    (env) => expect(policyOfEnv(env)).toBeUndefined(),
  );

  it.each(['no', 'Accept-new', ' accept-new', 'accept-new,ask', 'accept'])(
    'lets in nothing new with a word that is no policy: %j',
    (word) => expect(policyOfEnv({ VMSSH_HOST_KEYS: word })).toBe('strict'),
  );
});
