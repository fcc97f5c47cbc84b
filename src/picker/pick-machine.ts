import { type Io, UsageError } from '../cli/command.js';
import { startProgress } from '../cli/terminal.js';
import { printable } from '../errors.js';
import { listed } from '../machines/find-machines.js';
import { loadAddon } from '../native.js';
import { loadHere } from '../sources/here.js';
import { listAll } from '../sources/list-all.js';
import type { ListedMachine } from '../sources/merge.js';
import { pick } from './picker.js';

/** Has the user choose one of this host's machines. Undefined: none was chosen. Throws a UsageError if there are none. */
export async function pickMachine(
  io: Io,
  machines: (io: Io) => Promise<readonly ListedMachine[]> = listMachines,
): Promise<ListedMachine | undefined> {
  const progress = await startProgress(io, 'looking for machines');
  const found = await machines(io).finally(() => progress.stop());
  if (found.length === 0)
    throw new UsageError(
      'no machine was named, and none was found on this host',
      'see vmssh list; an address needs no list: vmssh ssh vsock/3',
    );
  const { addon } = loadAddon();
  if (!addon) throw new UsageError('no machine was named');
  const items = listed({ runningOnly: false }, { machines: found }).map((machine) => ({
    machine,
    cells: [machine.name, machine.provider, machine.status].map(printable),
  }));
  return (await pick(items, 'Which machine?', io, addon))?.machine;
}

async function listMachines({ env, platform }: Io): Promise<readonly ListedMachine[]> {
  return (await listAll({ env }, await loadHere({ env, platform }))).machines;
}
