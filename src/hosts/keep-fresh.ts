import type { Io } from '../process/io.js';
import type { AllMachines } from '../sources/list-all.js';
import { readOptions, stateFile } from '../ssh/config/state.js';

/**
 * After a command found all machines: brings the Hosts up to date, if `config install --fresh` allowed it. It prints nothing
 * and never fails: the command has other work to do. If it is off, this only reads one file.
 */
export async function keepFresh(found: AllMachines, io: Io): Promise<void> {
  try {
    const kept = await readOptions(stateFile(io.env, io.platform));
    if (kept?.fresh === true) {
      const { refresh } = await import('./refresh.js');
      await refresh(io, async () => ({ ...found, env: io.env }));
    }
  } catch {
    // vmssh doctor shows it.
  }
}
