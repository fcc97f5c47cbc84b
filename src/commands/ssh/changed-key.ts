import type { Io } from '../../cli/command.js';
import { readSafely } from '../../files/read-at.js';
import { knownTypes } from '../../host-keys/verdict.js';
import { runProgram } from '../../process/run-program.js';
import { guestKeysFor } from '../../ssh/guest-keys.js';
import { hostKeyAlias } from '../../ssh/identity.js';
import { knownHostsFile } from '../../ssh/known-hosts-file.js';
import type { ToolCall } from './call.js';

/** For one more handshake. Milliseconds. */
const timeoutMs = 10_000;

/**
 * Whether ssh failed because it knows another key of the machine. Its message went to the terminal, so it is run again,
 * up to the login; only if any key is known.
 */
export async function changedKey({ ssh, options, named, host }: ToolCall, io: Io): Promise<boolean> {
  const given = guestKeysFor(named, io.env);
  const alias = given?.alias ?? hostKeyAlias(named);
  const file = await readSafely(given?.knownHosts ?? knownHostsFile(io.env)).catch(() => undefined);
  if (alias === undefined || !file || knownTypes(alias, file.bytes).length === 0) return false;
  const quick = ['BatchMode=yes', 'PreferredAuthentications=none', 'ControlPath=none', 'LogLevel=INFO'];
  const command = [...ssh, ...options, ...quick.flatMap((each) => ['-o', each]), '-n', '--', host, 'exit'];
  const said = await runProgram(command, { env: io.env, timeoutMs }).catch(() => undefined);
  // The second one also stands for a key of another type than the one that was made.
  const says = given ? 'Host key verification failed' : 'REMOTE HOST IDENTIFICATION HAS CHANGED';
  return said?.stderr.includes(says) ?? false;
}
