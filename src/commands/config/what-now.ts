import { exitCode } from '../../base/errors.js';
import { countBy, fewOf, maxShown } from '../../base/group-by.js';
import { type HostEntry, type HostState, hasHost } from '../../book/state.js';
import { pasteable } from '../../cli/failure.js';
import { complain, type Row } from '../../cli/rows.js';
import { whole } from '../../cli/terminal.js';
import { notInEffect } from '../../hosts/in-effect.js';
import type { ConfigOptions } from '../../hosts/options.js';
import { readElsewhere } from '../../hosts/places.js';
import type { Plan } from '../../hosts/plan.js';
import { enableUnits } from '../../hosts/units.js';
import { say } from '../../hosts/write.js';
import type { Io } from '../../process/io.js';
import { shellTrouble } from '../../process/start-files.js';
import { sshByFile } from '../../ssh/config/users-files.js';
import { shellOf } from '../../typed/shell.js';

/** Says what the written lines lack, and what to type now. Returns the exit code: no Host at all, as no hypervisor that was named answers, is no success. */
export async function afterInstall(plan: Plan, { system, via }: ConfigOptions, io: Io) {
  const { decision, startsUnits, files, changes } = plan;
  if (startsUnits) await enableUnits(io);
  const lost = await notInEffect(files, io);
  if (lost) await complain(`ssh does not take these lines: ${lost.problem}`, lost.fix, io);
  const code = lost ? exitCode.connect : exitCode.ok;
  if (!decision || system) return code;
  const trouble = decision.settings.fdpass === false ? undefined : await shellTrouble(io);
  if (trouble) await complain(trouble.problem, trouble.fix, io);
  if (decision.settings.names.onlyPatterns) return code;
  const { state, silent } = decision;
  if (via !== undefined && silent.length > 0 && decision.hosts.length === 0) {
    io.err(pasteable(`no Host is written; vmssh list --via ${silent.join(',')} says what to try\n`, io));
    return exitCode.connect;
  }
  const elsewhere = await readElsewhere(files, io);
  const isNew = changes.length > 0 || elsewhere !== undefined;
  await say(whatNow(state, isNew, io, elsewhere && files.main), io);
  return code;
}

/** The last rows of `config install`: what to type now that ssh reads lines made of this state. `isNew`: no row above says it. `file`: only if that is named. */
export function whatNow(
  { machines: records, options }: HostState,
  isNew: boolean,
  io: Io,
  file?: string,
): readonly Row[] {
  const machines = records.filter(hasHost);
  const hosts = machines.map(({ host }) => host);
  if (hosts.length === 0) {
    const then = options.fresh === true ? 'ssh knows its name' : 'run vmssh config install again';
    const how = 'start one, or add a source of your own (docs/sources.md)';
    return [{ text: pasteable(`no machine with a name yet: ${how}; when vmssh list shows it, ${then}`, io) }];
  }
  const ssh = file === undefined ? 'ssh' : sshByFile(file, shellOf(io));
  const commands = hosts.map((host) => whole(`${ssh} ${host}`));
  const ready = isNew ? ['', `Ready: ${fewOf(commands, maxShown)}`] : [];
  return [...ready, ...whichIsWhich(machines), ...whatTheyCost(machines, io)].map((text) => ({ text }));
}

/** From this number on, ssh's own time for the Hosts of other hypervisors can be felt: some 8 µs for each (docs/many-hosts.md). */
const manyHosts = 2000;

function whatTheyCost(machines: readonly HostEntry[], io: Io): readonly string[] {
  const hosts = machines.flatMap(({ via }) => via ?? []);
  if (hosts.length < manyHosts) return [];
  const cost = `${hosts.length} Hosts of other hypervisors cost it about ${Math.round(hosts.length / 125)} ms`;
  const without = `vmssh config install --only-patterns writes no Host, and ssh via/${hosts[0]}/NAME works without one`;
  return [pasteable(`each start of ssh reads them: ${cost}. ${without}`, io)];
}

/** For Hosts that differ only in case: the target of each. */
function whichIsWhich(machines: readonly HostEntry[]): readonly string[] {
  const count = countBy(machines, ({ host }) => host.toLowerCase());
  const twins = machines.filter(({ host }) => (count.get(host.toLowerCase()) ?? 0) > 1);
  const pairs = twins.map(({ host, name, target }) => `ssh ${host} is ${name} (${target})`);
  return pairs.length === 0 ? [] : [`they differ only in case: ${fewOf(pairs, maxShown)}`];
}
