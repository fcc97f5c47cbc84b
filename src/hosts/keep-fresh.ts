import { readOptions, stateFile } from '../book/state.js';
import type { CommandError } from '../cli/command.js';
import type { Io } from '../process/io.js';
import { containerAround } from '../sources/here.js';
import type { AllMachines } from '../sources/list-all.js';

/** Updates the Hosts if --fresh allowed it, else reads one file; in a container says that they stay. Never fails. */
export async function keepFresh(
  listing: AllMachines,
  io: Io,
  container: string | undefined = containerAround(io.env),
): Promise<void> {
  try {
    const load = () => import('../cli/rows.js');
    const kept = await readOptions(stateFile(io.env, io.platform));
    if (kept?.fresh === true && container !== undefined) {
      const why = `${container} says that this is a container, where not all machines of its host are seen`;
      await (await load()).complain(`${why}: the Hosts stay as they are`, undefined, io);
    } else if (kept?.fresh === true) {
      const { notIncluded, refresh } = await import('./refresh.js');
      await refresh(io, async () => ({ ...listing, env: io.env })).catch(async (error) => {
        const { code, message, hint } = error as CommandError;
        if (code === notIncluded) await (await load()).complain(message, hint, io);
      });
    }
  } catch {
    // vmssh doctor shows it.
  }
}
