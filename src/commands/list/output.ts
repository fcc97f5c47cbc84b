import { type ConnectError, exitCode, exitCodeOf, printable } from '../../base/errors.js';
import { sshNames } from '../../book/same.js';
import type { HostEntry } from '../../book/state.js';
import { CommandError } from '../../cli/command.js';
import { calledAs, connectFailure } from '../../cli/failure.js';
import { type Envelope, envelope, type FailureJson, formatJson } from '../../cli/json.js';
import { styles } from '../../cli/terminal.js';
import type { ViaHosts } from '../../machines/hypervisors.js';
import type { MachineJson } from '../../machines/machine-json.js';
import type { Io } from '../../process/io.js';
import { type AllMachines, shownWarnings } from '../../sources/list-all.js';
import type { ListedMachine } from '../../sources/merge.js';
import { addressOf } from '../../sources/routes.js';
import { isFailure, isSilence, type Warning } from '../../sources/source.js';
import { shellOf } from '../../typed/shell.js';
import { formatColumn, formatTable, type SshNames } from './format.js';

export interface ListOptions {
  readonly show: 'table' | 'wide' | 'json' | 'name' | 'id' | 'status' | 'address' | 'keys';
  /** The machines to print, as they were typed; none: all. */
  readonly names: readonly string[];
  /** Ask for the addresses that no list has. */
  readonly addresses: boolean;
  readonly runningOnly: boolean;
  /** The sources to ask; undefined: all. */
  readonly sources: readonly string[] | undefined;
  /** Milliseconds between two listings; undefined: list once. */
  readonly watchMs: number | undefined;
  /** Other hypervisors, instead of this host. */
  readonly via?: ViaHosts;
}

/** The machines to print, in their order, among all that were found. */
export interface Selection extends AllMachines {
  readonly shown: readonly ListedMachine[];
  /** What is wrong with the names that were typed. */
  readonly errors: readonly ConnectError[];
  readonly failed?: readonly ConnectError[];
}

export async function listText(
  options: ListOptions,
  io: Io,
  selection: Selection,
  hosts: readonly HostEntry[] | undefined,
): Promise<string> {
  const { shown, machines, warnings, errors, failed = [] } = selection;
  const wrong = [...errors, ...failed];
  const names = hosts === undefined ? new Map() : sshNames(hosts, machines);
  switch (options.show) {
    case 'json': {
      const said = { warnings, errors: wrong.map(connectFailure) };
      const json = await listJson(shown, names, said, listCode(options, selection));
      return formatJson(json, options.watchMs === undefined);
    }
    case 'table':
    case 'wide':
      if (shown.length === 0 && wrong.length === 0 && io.terminal.stdout) return noMachines(selection);
      return formatTable(shown, { ...(await looksOf(options, io)), names, failed });
    case 'keys':
      return keyLines(shown, io);
    default:
      return formatColumn(shown, columns[options.show]);
  }
}

const columns = {
  name: ({ name }: ListedMachine) => name,
  id: ({ uuid }: ListedMachine) => uuid,
  status: ({ status }: ListedMachine) => status,
  address: addressOf,
} as const;

/** The host keys of machines of this host that have a UUID, as a login accepts them, and root may give them to all users. */
async function keyLines(machines: readonly ListedMachine[], { env }: Io): Promise<string> {
  const [{ ownPins, pinsById }, { acceptedKeys }, { knownHostsFile }, { aliasOf }] = await Promise.all([
    import('../../keys/machine-keys.js'),
    import('../../keys/accepted.js'),
    import('../../ssh/folder.js'),
    import('../../book/names.js'),
  ]);
  const pins = await ownPins(knownHostsFile(env));
  if (!Buffer.isBuffer(pins)) throw new CommandError('HOST_KEY_UNKNOWN', pins.problem, pins.fix);
  const known = pinsById(pins);
  const lines: string[] = [];
  for (const machine of machines) {
    const whose = aliasOf(machine);
    const own = known.filter(({ alias }) => alias === whose);
    const text = machine.target;
    const accepted = own.length > 0 ? await acceptedKeys({ text, machine }, env) : undefined;
    for (const { alias, type, key, comment = '' } of own)
      if (accepted?.some((each) => each.key === key)) lines.push(`${alias} ${type} ${key} ${comment}`);
  }
  return lines.map((line) => `${printable(line.trim())}\n`).join('');
}

export async function looksOf({ show, via }: ListOptions, io: Io) {
  return {
    wide: show === 'wide',
    style: await styles(io, 'stdout'),
    terminal: io.terminal.stdout,
    shell: shellOf(io),
    vmssh: calledAs('vmssh', io),
    columns: io.columns,
    withHost: via !== undefined,
  };
}

function noMachines({ machines: { length }, warnings }: AllMachines): string {
  const late = warnings.find(isSilence);
  if (length === 0 && late) return `No machines found, but ${late.provider} was too late: run it again\n`;
  if (length === 0) return 'No machines on this host\n';
  return `No machine is running; vmssh list shows ${length} that ${length === 1 ? 'is' : 'are'} not\n`;
}

/** On stderr: the sources that could not be asked, and the names that no machine has. */
export async function warn(io: Io, selection: Selection, { show, sources }: ListOptions): Promise<void> {
  const { machines, warnings, errors, failed = [] } = selection;
  if (show === 'json') return;
  const named = machines.length > 0 ? sources : [...(sources ?? []), 'hyper-v'];
  const warned = shownWarnings(warnings, named).map(({ provider, code, problem }) => {
    return { message: `warning: ${provider}: ${problem} (${code})`, hint: undefined };
  });
  // A table has a row for each hypervisor that did not answer.
  const unseen = show === 'table' || show === 'wide' ? errors : [...errors, ...failed];
  for (const { message, hint } of [...warned, ...unseen])
    await (await import('../../cli/rows.js')).complain(message, hint, io);
}

/** A wrong name, a hypervisor that did not answer, or a source that --provider named makes the command fail; another source gives a warning. */
export function listCode(options: ListOptions, { warnings, errors, failed = [] }: Selection): number {
  const [wrong] = [...errors, ...failed];
  if (wrong !== undefined) return exitCodeOf(wrong);
  const isAsked = ({ provider }: Warning) => options.sources?.includes(provider);
  return warnings.filter(isFailure).some(isAsked) ? exitCode.connect : exitCode.ok;
}

export interface ListJson extends Envelope<'list'> {
  readonly machines: readonly MachineJson[];
  readonly warnings: readonly Warning[];
  readonly errors: readonly FailureJson[];
}

export async function listJson(
  machines: readonly ListedMachine[],
  names: SshNames,
  wrong: { readonly warnings: ListJson['warnings']; readonly errors: ListJson['errors'] },
  exitCode: number,
): Promise<ListJson> {
  const { machineJson } = await import('../../machines/machine-json.js');
  const all = machines.map((machine) => machineJson(machine, names.get(machine)));
  return { ...envelope('list', exitCode), machines: all, ...wrong };
}
