import { lstatSync, rmSync, type Stats } from 'node:fs';
import type { Addon } from 'node-hvsock-native';
import { shellQuoted } from '../../address/shell-word.js';
import { CommandError } from '../../cli/command.js';
import { quote } from '../../errors.js';

/** Time for a server to accept. Milliseconds. */
const answerMs = 1000;

/** Makes room for a socket: removes one of ours on which nobody listens. Throws a CommandError for anything else. */
export async function clearPath(path: string, addon: Addon, uid = process.getuid?.()): Promise<void> {
  const found = stat(path);
  if (!found) return;
  const taken = (problem: string, hint: string) =>
    new CommandError('EEXIST', `cannot listen on ${quote(path)}: ${problem}`, hint);
  if (!found.isSocket()) throw taken('there is a file that is not a socket', 'choose another path');
  if (found.uid !== uid) throw taken(`it belongs to user ${found.uid}`, 'choose another path');
  const { code } = await addon.connect({ family: 'unix', path }, answerMs).promise.then(
    (handle) => {
      addon.close(handle);
      return { code: undefined };
    },
    (error: { code?: string }) => error,
  );
  if (code !== 'ECONNREFUSED')
    throw taken('another program listens there', `see which one: ss -lxp src ${shellQuoted(path)}`);
  removeSame(path, found);
}

/** Removes the socket that is now at the path, and no other one that comes there later. */
export function remover(path: string): () => void {
  const ours = stat(path);
  return () => ours && removeSame(path, ours);
}

function removeSame(path: string, { dev, ino }: Stats): void {
  const now = stat(path);
  if (now?.dev === dev && now.ino === ino) rmSync(path, { force: true });
}

function stat(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined; // whoever listens there says why
  }
}
