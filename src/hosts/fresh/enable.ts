import type { Io } from '../../cli/command.js';
import { type RunTool, runTool } from '../../discovery/tools/run-tool.js';
import { printable } from '../../errors.js';
import { systemctl } from '../units/systemd.js';
import { enabledUnits } from './units.js';

const enable = `systemctl --user daemon-reload && systemctl --user enable --now ${enabledUnits.join(' ')}`;

/** Has the user's systemd start the units that were written; prints the command if it cannot be asked. */
export async function enableUnits(io: Io, run: RunTool = runTool): Promise<void> {
  try {
    await systemctl(['daemon-reload'], io, run);
    await systemctl(['enable', '--now', ...enabledUnits], io, run);
  } catch (error) {
    io.err(
      `${io.program}: the units are written, but not enabled (${printable((error as Error).message)}). To enable them: ${enable}\n`,
    );
  }
}
