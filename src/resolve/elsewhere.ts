import { findWindowsVmssh, isWsl } from '../discovery/interop.js';
import type { ConnectErrorInit } from '../errors.js';
import { isBareId } from '../target/hyper-v.js';
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
    const program = findWindowsVmssh({ env });
    return {
      code: 'UNSUPPORTED',
      ...(program === undefined
        ? {
            problem: 'inside WSL2, Hyper-V machines are reached through vmssh.exe, which is not there',
            hint: 'put vmssh.exe into a folder of the PATH of Windows, or set VMSSH_WINDOWS=/mnt/c/FOLDER/vmssh.exe',
          }
        : {
            problem: 'inside WSL2 the vmssh command reaches Hyper-V machines, and the library does not',
            hint: `start ${JSON.stringify(program)} nc --pipe TARGET PORT: its stdin and stdout are the connection`,
          }),
    };
  }
  return {
    code: 'UNSUPPORTED',
    problem: `${what} are not reached from ${platform}`,
    hint:
      target.kind === 'wsl'
        ? 'they are reached from Windows; from inside WSL2 itself by vsock/local'
        : `they are reached from Windows and from inside WSL2${isBareId(context.text) ? `; ${otherIds}` : ''}`,
  };
}

const otherIds = "another machine's id: vmssh ssh ID, or vmssh config install and then ssh ID";
