import { setTimeout as sleep } from 'node:timers/promises';
import { exitCode } from '../../base/errors.js';
import type { HostEntry } from '../../book/state.js';
import { onOwnSignal } from '../../connect/wait.js';
import type { Io } from '../../process/io.js';
import { type ListOptions, listText, type Selection, warn } from './output.js';

/** Refreshes the list until Ctrl-C or until the output's reader is gone. */
export async function watchMachines(
  options: ListOptions,
  everyMs: number,
  io: Io,
  look: (signal: AbortSignal) => Promise<Selection>,
  hosts: () => Promise<readonly HostEntry[] | undefined>,
): Promise<number> {
  const gone = io.outputGone();
  const signal = AbortSignal.any([io.interrupted(), gone]);
  let last: string | undefined;
  let warned: string | undefined;
  while (!signal.aborted) {
    try {
      const selection = await onOwnSignal(signal, look);
      const text = await listText(options, io, selection, await hosts());
      // Cursor home, the new text, then erase the rest: no flicker. A pipe only gets the changes.
      if (io.terminal.stdout) io.out(`\x1b[H${text.replaceAll('\n', '\x1b[K\n')}\x1b[J`);
      else if (text !== last) io.out(last === undefined || options.show === 'json' ? text : `\n${text}`);
      const warnings = JSON.stringify([
        ...selection.warnings,
        ...selection.errors.map(({ message }) => message),
      ]);
      // On a terminal they are below the text, and were erased with the old one.
      const isGone = io.terminal.stdout && io.terminal.stderr;
      if (isGone || warnings !== (warned ?? '[]')) await warn(io, selection, options);
      last = text;
      warned = warnings;
      await sleep(everyMs, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
  return gone.aborted ? exitCode.ok : exitCode.interrupted;
}
