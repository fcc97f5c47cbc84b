import { spawn } from 'node:child_process';
import { hasKnownKey, knownHostsFile } from '../ssh/known-hosts-file.js';
import type { Io } from './command.js';
import type { ToolCall } from './ssh-call.js';

/** For one more handshake. Milliseconds. */
const timeoutMs = 10_000;

/**
 * Whether ssh failed since it knows another key of the machine. Its words went to the terminal, so it is asked once more,
 * up to where it would log in; only where a key is known at all.
 */
export async function changedKey({ ssh, options, host }: ToolCall, io: Io): Promise<boolean> {
  const alias = options.find((option) => option.startsWith('HostKeyAlias='))?.slice('HostKeyAlias='.length);
  if (alias === undefined || !(await hasKnownKey(knownHostsFile(io.env), alias))) return false;
  const quick = ['BatchMode=yes', 'PreferredAuthentications=none', 'ControlPath=none', 'LogLevel=INFO'];
  const command = [...ssh, ...options, ...quick.flatMap((each) => ['-o', each]), '-n', '--', host, 'exit'];
  return (await errorsOf(command)).includes('REMOTE HOST IDENTIFICATION HAS CHANGED');
}

function errorsOf([program = '', ...args]: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: timeoutMs });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text += part.slice(0, 10_000);
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve(''));
    child.once('close', () => resolve(text));
  });
}
