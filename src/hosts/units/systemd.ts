import { lstat, readlink, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Io } from '../../cli/command.js';
import { type RunTool, runTool } from '../../discovery/tools/run-tool.js';
import { otherHome } from '../../ssh/folder.js';
import { enabledUnits, freshUnits } from '../fresh/units.js';
import { enabledPorts, loopbackUnits, socketLinks, unitsOf } from '../loopback/units.js';
import type { Plan } from '../plan.js';

const timeoutMs = 10_000;

/** Asks the systemd of the home that ssh uses: with another HOME the units are not in its folder. Throws an Error. */
export async function systemctl(args: readonly string[], io: Io, run: RunTool = runTool): Promise<void> {
  const home = otherHome(io.env, io.platform);
  if (home !== undefined) throw new Error(`HOME is not ${home}`);
  await run('systemctl', ['--user', ...args], { env: io.env, timeoutMs });
}

/** Stops units before they are removed, also where no systemd of this user runs. */
export async function disableUnits(
  { changes }: Pick<Plan, 'changes'>,
  io: Io,
  run: RunTool = runTool,
): Promise<void> {
  const gone = changes.filter(({ after }) => after === undefined).map(({ path }) => path);
  const folderOf = (names: readonly string[]) =>
    gone.filter((path) => names.includes(basename(path))).map(dirname)[0];
  const fresh = folderOf(freshUnits);
  if (fresh !== undefined) await disable(fresh, enabledUnits, [], io, run);
  const loopback = folderOf(loopbackUnits);
  if (loopback !== undefined) await disablePorts(loopback, await enabledPorts(loopback), io, run);
}

/** Stops listening on loopback ports, and the connections there. */
export async function disablePorts(
  folder: string,
  ports: readonly number[],
  io: Io,
  run: RunTool = runTool,
): Promise<void> {
  if (ports.length === 0) return;
  const units = ports.map(unitsOf);
  const sockets = units.map(({ socket }) => socket);
  const services = units.map(({ service }) => service);
  await disable(folder, sockets, services, io, run);
}

async function disable(
  folder: string,
  enabled: readonly string[],
  started: readonly string[],
  io: Io,
  run: RunTool,
): Promise<void> {
  await systemctl(['disable', '--now', ...enabled], io, run).catch(() => {});
  if (started.length > 0) await systemctl(['stop', ...started], io, run).catch(() => {});
  for (const name of enabled)
    for (const wants of ['paths.target.wants', 'timers.target.wants', socketLinks])
      await removeLink(join(folder, wants, name), name);
}

async function removeLink(path: string, name: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  const target = found?.isSymbolicLink() ? basename(await readlink(path)) : undefined;
  // An instance of a template is a link to the template.
  if (target === name || target === name.replace(/@\d+\./, '@.')) await rm(path).catch(() => {});
}
