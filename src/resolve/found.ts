import type { Found, Warning } from '../discovery/provider.js';
import { ConnectError, quote, quoteNames } from '../errors.js';
import type { Resolution, ResolveContext } from './resolution.js';
import { resolveSshAddress } from './ssh-address.js';

/** Where a listed machine leads. `cures`: what starts it, and what gives it an address. */
export function resolveFound(
  found: Found,
  context: ResolveContext,
  cures: { readonly start: string; readonly address: string },
): Resolution {
  const { name, provider, status, address, user, identityFile } = found;
  const fail = (problem: string, hint: string) =>
    new ConnectError('resolve', context.text, { code: 'NOT_FOUND', problem, hint });
  if (status !== 'running' && status !== 'starting' && status !== 'unknown')
    throw fail(`${provider} knows ${quote(name)}, and it is ${status}`, cures.start);
  if (address === undefined)
    throw fail(
      `${provider} knows ${quote(name)}, but neither a vsock CID nor an address of it`,
      cures.address,
    );
  const { endpoint, steps } = resolveSshAddress(address, context);
  return {
    endpoint,
    steps: [`${provider} knows ${quote(name)} (${status})`, ...steps],
    ...(identityFile === undefined ? {} : { identityFile }),
    ...(user === undefined ? {} : { user }),
  };
}

/** That nobody knows a name: which names there are, and who could not be asked. */
export function unknownName(
  who: string,
  name: string,
  known: readonly string[],
  warnings: readonly Warning[],
  context: Pick<ResolveContext, 'text'>,
  hint: string,
): ConnectError {
  const others = known.length > 0 ? `it knows ${quoteNames(known, ', ')}` : 'it knows no machine at all';
  const failures = warnings.map(({ problem, code }) => `; ${problem} (${code})`).join('');
  const problem = `${who} has no machine ${quote(name)}: ${others}${failures}`;
  return new ConnectError('resolve', context.text, { code: 'NOT_FOUND', problem, hint });
}

/** That a name may mean several machines. */
export function ambiguousName(
  name: string,
  means: readonly string[],
  context: Pick<ResolveContext, 'text'>,
): ConnectError {
  return new ConnectError('resolve', context.text, {
    code: 'AMBIGUOUS',
    problem: `${quote(name)} may be ${quoteNames(means, ' or ')}`,
    hint: 'type one of these, or the UUID: vmssh list -o wide',
  });
}
