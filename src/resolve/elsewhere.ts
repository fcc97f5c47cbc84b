import type { ConnectErrorInit } from '../errors.js';
import type { Target } from '../target/target.js';
import type { ResolveContext } from './resolution.js';

/** Why a kind that is understood cannot be found from here, and where it can. */
export function resolveElsewhere(
  target: Extract<Target, { kind: 'hyper-v' | 'wsl' }>,
  context: ResolveContext,
): ConnectErrorInit {
  const what = target.kind === 'wsl' ? 'WSL distributions' : 'Hyper-V machines';
  return {
    code: 'UNSUPPORTED',
    problem: `${what} are not reached from ${context.platform} by this version`,
    hint: 'they are reached from Windows, through its own AF_HYPERV sockets',
  };
}
