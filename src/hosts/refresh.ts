import { exitCode } from '../errors.js';
import { readSafely } from '../files/place.js';
import type { FindMachines } from '../machines/find-machines.js';
import type { Io } from '../process/io.js';
import { callerForSsh } from '../ssh/config/caller.js';
import { ownerOf } from '../ssh/config/file.js';
import { type HostEntry, readState } from '../ssh/config/state.js';
import type { Decision } from './decide.js';
import type { ConfigOptions } from './options.js';
import { type ConfigFiles, configFiles } from './places.js';
import { planInstall } from './plan.js';
import { carryOut, once } from './write.js';

/** Why nothing was written, or what was. */
export type Refreshed = 'off' | 'missing' | 'edited' | 'not own' | 'other' | 'failed' | 'same' | 'changed';

/** Every option as in the last run. */
export const asLastTime: ConfigOptions = { system: false };

/** Brings the Hosts up to date; ssh's main configuration is never changed. Prints nothing. */
export async function refresh(
  io: Io,
  find: FindMachines,
  files: ConfigFiles = configFiles({ system: false }, io),
  uid = process.geteuid?.(),
): Promise<Refreshed> {
  const state = await readState(files.state);
  // The cheap questions come first: for most people it is off.
  if (state?.options.fresh !== true) return 'off';
  const file = await readSafely(files.own);
  if (file === undefined) return 'missing';
  if (ownerOf(file.bytes.toString()) !== 'ours') return 'edited';
  if (uid !== undefined && file.uid !== uid) return 'not own';
  // The Hosts of another installation are left to it.
  const { program } = await callerForSsh(io);
  if (program.join('\0') !== state.program.join('\0')) return 'other';
  return rewritten(io, find, files, ({ fresh }) => fresh === true);
}

/** Ends the Host of a machine that is gone, and changes no other. Undefined if no such machine has that name or target. */
export async function withoutGone(typed: string, io: Io): Promise<Refreshed | undefined> {
  const files = configFiles({ system: false }, io);
  const isMeant = ({ host, target, gone }: HostEntry) =>
    gone !== undefined && (target === typed || host.toLowerCase() === typed.toLowerCase());
  if (!(await readState(files.state))?.machines.some(isMeant)) return undefined;
  const find = async () => ({ machines: [], warnings: [], stays: (entry: HostEntry) => !isMeant(entry) });
  return rewritten(io, find, files, () => true);
}

async function rewritten(
  io: Io,
  find: FindMachines,
  files: ConfigFiles,
  isWanted: (settings: Decision['settings']) => boolean,
): Promise<Refreshed> {
  const quiet = silent(io);
  const again = once(find);
  const done = await carryOut(async () => {
    // Unit files stay as they are.
    const plan = await planInstall(asLastTime, quiet, again, { ...files, units: undefined });
    const isStill = plan.decision !== undefined && isWanted(plan.decision.settings);
    const changes = plan.changes.filter(({ path }) => isStill && path !== files.main);
    return { ...plan, changes };
  }, quiet);
  if (done.code !== exitCode.ok) return 'failed';
  return done.plan.changes.length === 0 ? 'same' : 'changed';
}

/** The same process, where nothing is printed. */
export function silent(io: Io): Io {
  return { ...io, out: () => {}, err: () => {}, terminal: { ...io.terminal, stdout: false, stderr: false } };
}
