import { loadAddon } from '../../base/native.js';
import { passOverInterop, reachArgs, runOverInterop, windowsVmssh } from '../../cli/reach/over-interop.js';
import type { ReachFlags } from '../../cli/shared-options.js';
import { takesUnixSocket } from '../../deliver/pass-fd.js';
import type { TypedTarget } from '../../kinds/kinds.js';
import type { Io } from '../../process/io.js';

type InteropOptions = ReachFlags & TypedTarget & { readonly port: number; readonly fdpass: boolean };

/** Inside WSL2: passes a target of Windows to the Windows build of vmssh. Undefined if there is none, or no need. */
export async function proxyOverInterop(options: InteropOptions, io: Io): Promise<number | undefined> {
  const program = windowsVmssh(options.target, io);
  if (program === undefined) return undefined;
  const { text, port, fdpass } = options;
  const args = ['proxy', ...reachArgs(options), '--', text, String(port)];
  const addon = fdpass && takesUnixSocket() ? loadAddon().addon : undefined;
  if (!addon) return runOverInterop(program, args, text);
  await passOverInterop(program, args, addon, text);
  return 0;
}
