import { parseTarget } from '../target/parse.js';
import type { Io } from './command.js';
import { passOverInterop, runOverInterop, wantsSocket, windowsVmssh } from './over-interop.js';
import type { ProxyOptions } from './proxy.js';

/** Inside WSL2: hands a target of Windows to the Windows build of vmssh. Undefined where there is none, or no need. */
export async function proxyOverInterop(options: ProxyOptions, io: Io): Promise<number | undefined> {
  const program = windowsVmssh(parseTarget(options.text), io);
  if (program === undefined) return undefined;
  const { text, port, timeoutMs, waitMs, verbose, fdpass, transports } = options;
  const args = [
    ...(transports ? ['nc', '--ssh', '-t', transports.join(',')] : ['proxy']),
    `--timeout=${timeoutMs / 1000}`,
    ...(waitMs === undefined ? [] : [`--wait=${waitMs / 1000}`]),
    ...(verbose ? ['-v'] : []),
    ...['--', text, String(port)],
  ];
  const addon = wantsSocket(fdpass);
  if (!addon) return runOverInterop(program, args);
  await passOverInterop(program, args, addon, text);
  return 0;
}
