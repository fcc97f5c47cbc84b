import { isWsl } from '../discovery/interop.js';
import type { ConnectErrorInit } from '../errors.js';
import type { Target } from '../target/target.js';
import type { ResolveContext } from './resolution.js';

/** Why a kind that is understood cannot be found from here, and where it can. */
export function resolveElsewhere(
  target: Extract<Target, { kind: 'hyper-v' | 'wsl' }>,
  context: ResolveContext,
): ConnectErrorInit {
  const what = target.kind === 'wsl' ? 'WSL distributions' : 'Hyper-V machines';
  const { platform, env, procDir } = context;
  if (target.kind === 'hyper-v' && platform === 'linux' && isWsl({ env, procDir })) {
    return {
      code: 'UNSUPPORTED',
      problem:
        'from inside WSL2, Hyper-V machines are reached by ssh, vmssh ssh and vmssh nc alone, through vmssh.exe',
      hint: 'put vmssh.exe into a folder of the PATH of Windows, or set VMSSH_WINDOWS=/mnt/c/…/vmssh.exe',
    };
  }
  return {
    code: 'UNSUPPORTED',
    problem: `${what} are not reached from ${platform}`,
    hint:
      target.kind === 'wsl'
        ? 'they are reached from Windows; from inside WSL2 itself by vsock/local'
        : 'they are reached from Windows and from inside WSL2',
  };
}
