import { statSync } from 'node:fs';
import { quote } from '../../errors.js';
import { readText } from '../../files/read-file.js';
import { realPath } from '../../files/read-sync.js';
import type { AskedPolicy, HostKeyPolicy } from '../../identity/policy.js';
import { runProgram } from '../../process/run-program.js';
import { firstMessage, settingIn } from '../../process/ssh-program.js';
import type { Env } from '../../runtime.js';
import { type SplitArgs, splitArgs, type ToolOption } from '../split-args.js';

export interface SshAnswer extends Pick<AskedPolicy, 'takesAny' | 'caAlgorithms'> {
  /** What it does about an unknown key; undefined: nobody said, and so it would ask. */
  readonly policy: HostKeyPolicy | undefined;
  /** The texts of all configuration that it reads. */
  readonly texts: readonly string[];
}

/** Milliseconds: a `Match exec` of the user's may take its time. */
const timeoutMs = 10_000;

/**
 * Asks ssh itself, with the words of the login: -G prints its settings, -v the files that ssh reads. A `Match exec` runs
 * again. Throws an error with the reason why it cannot be known.
 */
export async function askSsh([program = '', ...args]: readonly string[], env: Env): Promise<SshAnswer> {
  const split = splitArgs('ssh', args);
  checkFile(split);
  const options = [...split.before, ...split.after].flatMap(spoken);
  // Otherwise it would ask DNS.
  const front = ['-v', '-G', '-oCanonicalizeHostname=no'];
  const words = [program, ...front, ...options, '--', ...split.operands];
  const { stdout, stderr, code, stopped } = await runProgram(words, { env, timeoutMs });
  const said = settingIn(stdout, 'stricthostkeychecking')?.trim();
  if (stopped) throw new Error('ssh did not answer in time');
  if (code !== 0 || said === undefined) throw new Error(firstMessage(stderr) ?? 'ssh did not say it');
  const texts = await Promise.all(filesIn(stderr).map(textOf));
  const typed = keyCheckingIn(split);
  const isSaid = said !== 'ask' || typed !== undefined || texts.some(saysAsk);
  return {
    policy: isSaid ? (policies[said] ?? 'strict') : undefined,
    takesAny: said === 'false',
    caAlgorithms: settingIn(stdout, 'casignaturealgorithms')?.trim().split(',') ?? [],
    texts,
  };
}

/** By the value of StrictHostKeyChecking. A user's `no` was meant for other hosts. */
const policies: Readonly<Record<string, HostKeyPolicy>> = {
  ask: 'ask',
  'accept-new': 'accept-new',
  false: 'accept-new',
};

/** The value of the first `-o StrictHostKeyChecking` among the words; ssh takes that. */
export function keyCheckingIn({ before, after }: SplitArgs): string | undefined {
  for (const { name, value = '' } of [...before, ...after]) {
    const [, said] = (name === 'o' && keyChecking.exec(value.replaceAll(/["']/g, ''))) || [];
    if (said !== undefined) return said.toLowerCase();
  }
  return undefined;
}

const keyChecking = /^[\s=]*stricthostkeychecking[\s=]+(\S+)/i;

/** The last -F: ssh reads it in place of the user's and the system's files. */
export function fileOfCall({ before, after }: SplitArgs): string | undefined {
  return [...before, ...after].findLast(({ name }) => name === 'F')?.value;
}

/** ssh would read another text there, or wait for it. */
function checkFile(split: SplitArgs): void {
  const path = fileOfCall(split);
  if (path === undefined || path.toLowerCase() === 'none') return;
  const isOfProcess = /^\/(dev\/(fd|stdin|stdout|stderr)|proc)\b/.test(path);
  const real = isOfProcess ? undefined : realPath(path);
  if (real !== undefined && (real === '/dev/null' || statSync(real).isFile())) return;
  const why = real !== undefined || isOfProcess ? 'which cannot be read twice' : 'which is not there';
  throw new Error(`its -F is ${quote(path)}, ${why}`);
}

/** An option without what silences -v: -q, -y and -E. */
function spoken({ words: [first = '', ...rest], name }: ToolOption): readonly string[] {
  const end = name === undefined ? first.length : first.indexOf(name, 1);
  const flags = first.slice(1, end).replaceAll(/[qy]/g, '');
  if (name !== undefined && name !== 'E') return [`-${flags}${first.slice(end)}`, ...rest];
  return flags === '' ? [] : [`-${flags}`];
}

function filesIn(stderr: string): readonly string[] {
  return [...stderr.matchAll(/^debug1: Reading configuration data (.*?)\r?$/gm)].map(([, shown = '']) => {
    const path = plainPath(shown);
    // ssh prints no more of it.
    if (Buffer.byteLength(path) >= 200) throw new Error(`the path of a configuration is too long: ${path}`);
    return path;
  });
}

/** ssh prints other bytes than ASCII as "\303\244", and a backslash twice. */
function plainPath(shown: string): string {
  const bytes = shown.replaceAll(/\\(\\|[0-7]{3})/g, (_all, code: string) =>
    code === '\\' ? code : String.fromCharCode(Number.parseInt(code, 8)),
  );
  return Buffer.from(bytes, 'latin1').toString();
}

function textOf(path: string): Promise<string> {
  return readText(path).catch((error: Error) => {
    throw new Error(`what ssh reads cannot be read: ${error.message}`, { cause: error });
  });
}

/** Whether a line says `ask`, which is what ssh shows too if nobody says anything: for whichever host it is. */
function saysAsk(text: string): boolean {
  // ssh takes quotes out.
  const lines = text.replaceAll(/["']/g, '').split('\n');
  return lines.some((line) => keyChecking.exec(line)?.[1]?.toLowerCase() === 'ask');
}
