import { exitCode } from '../base/errors.js';
import { loginsFor } from '../book/logins.js';
import { hasHost, type MachineRecord, readState } from '../book/state.js';
import { CommandError } from '../cli/command.js';
import { readSafely } from '../files/place.js';
import type { FindMachines } from '../machines/find-machines.js';
import type { Io } from '../process/io.js';
import { containerAround, isUnasked } from '../sources/here.js';
import { withKeptEnv } from '../sources/trusted-env.js';
import { callerForSsh } from '../ssh/config/caller.js';
import { ownerOf } from '../ssh/config/file.js';
import type { Decision } from './decide.js';
import { couldNotBeAsked, lackedBy } from './decide.js';
import { noInclude } from './in-effect.js';
import { type ConfigOptions, settings } from './options.js';
import { type ConfigFiles, configFiles } from './places.js';
import { planInstall, type RecordChange } from './plan.js';
import { inEffect } from './setting.js';
import { carryOut, once } from './write.js';

export const asLastTime: ConfigOptions = { system: false };

/** Brings the Hosts up to date; ssh's main configuration is never changed. Prints nothing. Whether they changed. Throws a CommandError. */
export async function refresh(
  io: Io,
  find: FindMachines,
  files: ConfigFiles = ownFiles(io),
  uid = process.geteuid?.(),
): Promise<boolean> {
  const state = await readState(files.state);
  // The cheap questions come first: for most people it is off.
  if (state?.options.fresh !== true)
    throw new CommandError('OFF', 'automatic Host updates are off', 'vmssh config install --fresh');
  const file = await readSafely(files.own);
  const isOurs = file !== undefined && ownerOf(file.bytes.toString()) === 'ours';
  const edited = 'vmssh.conf is missing, or was edited since vmssh wrote it';
  if (!isOurs) throw new CommandError('EDITED', edited, 'vmssh doctor');
  if (uid !== undefined && file.uid !== uid)
    throw new CommandError('OWNER', 'vmssh.conf belongs to another user', 'run it as that user');
  // The Hosts of another installation are left to it.
  const { program } = await callerForSsh(io);
  if (program.join('\0') !== state.program.join('\0'))
    throw new CommandError('OTHER', 'the Hosts call another vmssh, which may refresh them', install);
  const done = await rewritten(io, find, files, ({ fresh }) => fresh === true);
  if (done === undefined) throw new CommandError('FAILED', 'the Hosts could not be written', install);
  const lost = await noInclude(files, io);
  if (lost) throw new CommandError(notIncluded, lost.problem, lost.fix);
  return done;
}

const install = 'vmssh config install';

function ownFiles(io: Io): ConfigFiles {
  return configFiles({ system: false }, io);
}

/** The Hosts are up to date, and ssh does not read them. */
export const notIncluded = 'NOT_INCLUDED';

export const noneGone = { machines: [], ended: [], unasked: [] };

/** Asks all sources for machines that may be gone: no source has the `ended`; the `unasked` may still be there, as their source or hypervisor gave no answer. */
export async function askForGone(io: Io, find: FindMachines) {
  const last = await readState(ownFiles(io).state);
  const isInside = containerAround(io.env) !== undefined;
  // Of one without a Host only a listing says whether it is there.
  const mayBeGone = ({ host, gone, via, provider }: MachineRecord) =>
    host === undefined ||
    gone !== undefined ||
    (via === undefined && !isInside && isUnasked(provider, [], io.env));
  const records = last?.machines.filter(mayBeGone) ?? [];
  if (last === undefined || records.length === 0) return noneGone;
  const env = withKeptEnv(io.env, last.machines);
  const listing = { ...(await find({ ...io, env })), env };
  const { isUnknown } = couldNotBeAsked(
    listing,
    { ...asLastTime, ...inEffect(settings, {}, last.options) },
    last,
    io,
  );
  const { machines } = listing;
  const inUse = new Set(machines.map(loginsFor(last.machines, machines)));
  // A container that is off may have no Host, and is listed; a machine with another name has its login still.
  const lacking = lackedBy(machines, records).filter((record) => hasHost(record) || !inUse.has(record.login));
  // Without a Host, too, one behind a hypervisor is gone only if that was asked.
  const mayBeThere = (record: MachineRecord) =>
    isUnknown(record) ||
    (!hasHost(record) && record.via !== undefined && !listing.asked?.includes(record.via));
  return {
    machines,
    ended: lacking.filter((record) => !mayBeThere(record)),
    unasked: lacking.filter(mayBeThere),
  };
}

/** Ends these records, and changes no other. Whether they are ended. */
export async function endRecords(ended: readonly MachineRecord[], io: Io): Promise<boolean> {
  const idOf = ({ host, target, login }: MachineRecord) => `${host} ${target} ${login?.uuid}`;
  const ids = new Set(ended.map(idOf));
  const others: RecordChange = (records) => records.filter((record) => !ids.has(idOf(record)));
  return ids.size > 0 && (await rewritten(io, allStay, ownFiles(io), () => true, others)) === true;
}

/** Writes the Hosts again for the machines that have them: what they name may be gone. False if there are none; undefined: they could not be written. */
export async function writtenAgain(io: Io): Promise<boolean | undefined> {
  const files = ownFiles(io);
  if (!(await readState(files.state))) return false;
  return rewritten(io, allStay, files, () => true);
}

const allStay: FindMachines = async () => ({ machines: [], warnings: [], isUnasked: true });

/** Whether anything changed; undefined: it could not be written. */
async function rewritten(
  io: Io,
  find: FindMachines,
  files: ConfigFiles,
  isWanted: (settings: Decision['settings']) => boolean,
  change?: RecordChange,
): Promise<boolean | undefined> {
  const quiet = silent(io);
  const again = once(find);
  const done = await carryOut(async () => {
    // Unit files stay as they are.
    const plan = await planInstall(asLastTime, quiet, again, { ...files, units: undefined }, change);
    const isStill = plan.decision !== undefined && isWanted(plan.decision.settings);
    const changes = plan.changes.filter(({ path }) => isStill && path !== files.main);
    return { ...plan, changes };
  }, quiet);
  return done.code === exitCode.ok ? done.plan.changes.length > 0 : undefined;
}

export function silent(io: Io): Io {
  return { ...io, out: () => {}, err: () => {}, terminal: { ...io.terminal, stdout: false, stderr: false } };
}
