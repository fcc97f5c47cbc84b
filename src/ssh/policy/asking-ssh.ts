import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { printable, quote } from '../../errors.js';
import { realPath } from '../../files/read-sync.js';
import type { RecordPlace } from '../../identity/record.js';
import type { Here } from '../../process/io.js';
import { runProgram } from '../../process/run-program.js';
import { everySsh } from '../../process/ssh-program.js';
import { splitArgs } from '../split-args.js';
import { fileOfCall } from './ask-ssh.js';

/** Where processes are seen, and who asks: this process. */
export type ParentPlace = Omit<RecordPlace, 'folders'>;

/** The configuration file (-F) of the ssh that started this process; undefined if there is none, or it cannot be seen. */
export function configOfCall(place?: ParentPlace): string | undefined {
  try {
    return fileOfCall(splitArgs('ssh', parentWords(place).slice(1)));
  } catch {
    return undefined;
  }
}

/** The words by which the process was called that started this one. Throws an error with the reason why they cannot be known. */
function parentWords({ procDir = '/proc', uid, by = process }: ParentPlace = {}): readonly string[] {
  const own = uid ?? process.getuid?.();
  const folder = `${procDir}/${by.ppid}`;
  if (by.ppid < 1) throw new Error('the ssh that asks has ended');
  if (readlinkSync(`${procDir}/self`) !== `${by.pid}`)
    throw new Error('/proc is not that of this pid namespace');
  const { uid: owner } = statSync(folder);
  if (owner !== own) throw new Error(`the process that asks, ${by.ppid}, is of user ${owner}`);
  const bytes = readFileSync(`${folder}/cmdline`);
  const text = bytes.toString();
  if (!Buffer.from(text).equals(bytes)) throw new Error('ssh was called with bytes that are not UTF-8');
  const words = text.split('\0').slice(0, -1);
  if (words.length === 0) throw new Error('the ssh that asks has ended');
  return words;
}

/** The ssh that started this process: its program, and the words by which it was called. Throws an error with the reason. */
export async function askingSsh(here: Here, place: ParentPlace = {}): Promise<readonly string[]> {
  const { procDir = '/proc', by = process } = place;
  const [, ...args] = parentWords(place);
  const running = `${procDir}/${by.ppid}/exe`;
  const path = readlinkSync(running);
  if (everySsh(here).some(([program = '']) => realPath(program) === path)) return [path, ...args];
  // Whoever is left without a parent gets this one.
  if (by.ppid === 1) throw new Error('the ssh that asks has ended');
  // No other program is started a second time. An upgrade may have removed its file.
  const said = await runProgram([running, '-V'], { env: here.env, timeoutMs: 5000 }).catch(() => undefined);
  if (!/^OpenSSH/m.test(`${said?.stderr}${said?.stdout}`))
    throw new Error(`no ssh asks, but ${quote(printable(path))}`);
  return [running, ...args];
}
