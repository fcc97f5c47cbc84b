import { lstat, readlink, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { printable } from '../errors.js';
import type { Io } from '../process/io.js';
import { type RunTool, runTool } from '../sources/tools/run-tool.js';
import { otherHome } from '../ssh/folder.js';
import type { Plan } from './plan.js';
import { enabledUnits, isUnit } from './units.js';

const timeoutMs = 10_000;

/** Asks the systemd of the home that ssh uses: with another HOME the units are not in its folder. Throws an Error. */
export async function systemctl(args: readonly string[], io: Io, run: RunTool = runTool): Promise<void> {
  const home = otherHome(io.env, io.platform);
  if (home !== undefined) throw new Error(`HOME is not ${home}`);
  await run('systemctl', ['--user', ...args], { env: io.env, timeoutMs });
}

/** Stops units before they are removed, also where no systemd of this user runs. */
export async function disableUnits({ changes }: Pick<Plan, 'changes'>, io: Io, run: RunTool = runTool) {
  const gone = changes.find(({ path, after }) => after === undefined && isUnit(path));
  if (gone === undefined) return;
  await systemctl(['disable', '--now', ...enabledUnits], io, run).catch(() => {});
  for (const name of enabledUnits) await removeLinks(dirname(gone.path), name);
}

/** Removes the links by which a unit of this folder is enabled, if systemctl left them. */
export async function removeLinks(folder: string, name: string): Promise<void> {
  for (const wants of ['paths.target.wants', 'timers.target.wants', 'sockets.target.wants']) {
    const path = join(folder, wants, name);
    const found = await lstat(path).catch(() => undefined);
    if (found?.isSymbolicLink() && basename(await readlink(path)) === name) await rm(path).catch(() => {});
  }
}

/** Has the user's systemd start the units that were written; prints the command if it cannot be asked. */
export async function enableUnits(io: Io, run: RunTool = runTool): Promise<void> {
  try {
    await systemctl(['daemon-reload'], io, run);
    await systemctl(['enable', '--now', ...enabledUnits], io, run);
  } catch (error) {
    const why = printable((error as Error).message);
    const enable = `systemctl --user daemon-reload && systemctl --user enable --now ${enabledUnits.join(' ')}`;
    io.err(`${io.program}: the units are written, but not enabled (${why}). To enable them: ${enable}\n`);
  }
}
