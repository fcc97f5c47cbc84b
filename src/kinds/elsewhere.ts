import { type ConnectErrorInit, quote } from '../base/errors.js';
import { findWindowsVmssh, isWsl } from '../sources/hyper-v/wsl-windows.js';
import type { ResolveContext } from '../sources/source.js';
import { isBareId } from '../typed/numbers.js';
import { shellQuoted } from '../typed/shell.js';
import type { From } from './kind.js';

/** Why a valid target cannot be reached from here, and from where it can. */
export function elsewhere(
  { from, name }: { readonly from: From; readonly name: string },
  context: ResolveContext,
): ConnectErrorInit {
  const { platform, env, procDir, text } = context;
  if (from === 'windows-wsl2' && platform === 'linux' && isWsl({ env, procDir })) return insideWsl(context);
  if (from === 'linux-mac')
    return unsupported(
      `${name} is not asked from Windows`,
      `if it runs in a WSL2 distribution, use the vmssh there: wsl -d DISTRO vmssh ssh ${shellQuoted(text)}; for machines of Windows: vmssh list`,
    );
  const hint = platform === 'darwin' ? onMac : isBareId(text) ? `${hints[from]}; ${otherIds}` : hints[from];
  return unsupported(`${name} targets are not reached from ${platform}`, hint);
}

function unsupported(problem: string, hint: string): ConnectErrorInit {
  return { code: 'UNSUPPORTED', final: true, problem, hint };
}

// docs/reference/macos.md
const onMac = 'on a Mac use lima/NAME, multipass/NAME, podman/NAME, qemu/NAME or unix/PATH: vmssh list';

const hints: Readonly<Record<Exclude<From, 'linux-mac'>, string>> = {
  anywhere: 'see vmssh list',
  linux: 'they are reached from Linux; on Windows use hyper-v/NAME or wsl/DISTRO: vmssh list',
  windows: 'they are reached from Windows; from inside WSL2 itself use vsock/local',
  'windows-wsl2': 'they are reached from Windows and from inside WSL2',
};

const otherIds = "another machine's id: vmssh ssh ID, or vmssh config install and then ssh ID";

function insideWsl({ env }: ResolveContext): ConnectErrorInit {
  const program = findWindowsVmssh({ env });
  if (program === undefined)
    return unsupported(
      'inside WSL2, Hyper-V machines are reached through vmssh.exe, which is not there',
      'put vmssh.exe into a folder of the PATH of Windows, or set VMSSH_WINDOWS=/mnt/c/FOLDER/vmssh.exe',
    );
  return unsupported(
    'inside WSL2 the vmssh command reaches Hyper-V machines, and the library does not',
    `start ${quote(program)} nc --pipe TARGET PORT: its stdin and stdout are the connection`,
  );
}
