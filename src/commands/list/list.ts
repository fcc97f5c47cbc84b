import { ConnectError } from '../../base/errors.js';
import { fewAtATime } from '../../base/group-by.js';
import { type HostEntry, hasHost, writtenState } from '../../book/state.js';
import { type Command, choose, flag, oneOf, parsed, readAll, seconds } from '../../cli/command.js';
import { jsonOption } from '../../cli/json.js';
import { runningOption } from '../../cli/shared-options.js';
import { startProgress } from '../../cli/terminal.js';
import { keepFresh } from '../../hosts/keep-fresh.js';
import type { AskOptions, HostListing } from '../../machines/ask.js';
import { readViaHosts, viaHosts, viaHostsOptions } from '../../machines/hypervisors.js';
import { listed, mayRun } from '../../machines/listed.js';
import type { Io } from '../../process/io.js';
import { everyEntry, loadForList, sourcesHere, sourcesOn } from '../../sources/here.js';
import type { AllMachines } from '../../sources/list-all.js';
import type { ListedMachine } from '../../sources/merge.js';
import { addressOf, routesTo } from '../../sources/routes.js';
import { type Deps, DiscoveryError, isSilence, type Source, type Warning } from '../../sources/source.js';
import { loadSources, ownSource, type SourceEntry } from '../../sources/sources.js';
import { formatTable } from './format.js';
import { type ListOptions, listCode, listText, looksOf, type Selection, warn } from './output.js';

/** What to ask and read; a parameter, for tests. */
export interface ListDeps {
  readonly sources: readonly SourceEntry[];
  readonly listAll: (deps: Deps, sources: readonly Source[]) => Promise<AllMachines>;
  /** The Hosts that config install wrote; undefined before that. */
  readonly hosts: (io: Io) => Promise<readonly HostEntry[] | undefined>;
  /** Writes the Hosts of machines that came or went. */
  readonly keepFresh: (listing: AllMachines, io: Io) => Promise<void>;
}

const listDeps: ListDeps = {
  get sources() {
    return everyEntry();
  },
  listAll: async (deps, sources) => (await import('../../sources/list-all.js')).listAll(deps, sources),
  hosts: async (io) => (await writtenState(io))?.machines.filter(hasHost),
  keepFresh,
};

const own = {
  runningOnly: runningOption,
  sources: parsed(
    {
      long: 'provider',
      value: 'LIST',
      takes: 'sources',
      summary: 'ask only these sources, such as qemu,machined',
    },
    (text) => text.split(','),
  ),
  output: oneOf({
    long: 'output',
    short: 'o',
    value: 'FORMAT',
    choices: ['wide', 'json', 'id', 'status', 'address', 'keys'],
    summary:
      'wide: more columns; json: the same as --json; id, status, address: only that, one per line; keys: the known host keys, as lines for /etc/ssh/ssh_known_hosts',
  }),
  quiet: flag({ long: 'quiet', short: 'q', summary: 'print only names, one per line' }),
  ids: flag({ long: 'ids', short: 'i', summary: 'print only UUIDs, one per line' }),
  json: jsonOption,
  watchMs: seconds({
    long: 'watch',
    short: 'w',
    leftOut: 2000,
    summary: 'refresh every N seconds, until Ctrl-C (default 2)',
  }),
};

export const list: Command<ListOptions> = {
  name: 'list',
  summary: 'list the virtual machines and containers on this host',
  usage: '[NAME...]',
  details: `On a terminal it prints an aligned table, in a pipe lines of tab-separated columns without a header:
STATUS NAME TARGET PROVIDER, and with -o wide also CID, UUID, ADDRESS and the machine's OTHER targets.
The table has no column TARGET, but LOG IN WITH: what to type, once ssh knows the machines' names (vmssh config install, or vmssh setup).
NAME is a name, an id or a target. A name that no machine has, or more than one, is an error (exit code 4); the others are printed.
With --via there is a column for the hypervisor; a hypervisor that does not answer has a row with the reason, and the exit code is 1.
With -o address a Hyper-V machine has the address that its guest reported, IPv4 first.
In --json the name that ssh takes is sshName.
A provider that takes over a second or fails gives a warning on stderr, and exit code 1 if --provider named it.`,
  options: [...Object.values(own), ...viaHostsOptions],
  exclusive: [
    [own.json, own.quiet],
    [own.json, own.ids],
    [own.quiet, own.output],
    [own.ids, own.output],
  ],
  examples: {
    'vmssh list --running': 'what can be logged in to',
    'vmssh list mint -o status': 'one value of one machine; also id and address',
    'vmssh list --via hv1,hv2': 'the machines of other hypervisors that have vmssh',
    'vmssh list | cut -f3': 'only the targets',
    "vmssh list -q --provider qemu | xargs -d '\\n' -n1 vmssh check": 'check each QEMU',
    "vmssh list --json | jq -r '.machines[] | select(.cid) | .name'": 'for scripts',
  },

  parse(raw) {
    const { json, ids, quiet, output = 'table', runningOnly, sources, watchMs } = readAll(raw, own);
    return {
      // hvc takes both -q and -i.
      show: json ? 'json' : ids ? 'id' : quiet ? 'name' : output,
      names: raw.positionals,
      addresses: output === 'address',
      ...{ runningOnly, sources, watchMs },
      via: viaHosts(raw),
    };
  },

  run: (options, io) => runList(options, io),
};

export async function runList(options: ListOptions, io: Io, deps: ListDeps = listDeps): Promise<number> {
  const mayAsk = chooseSources(options, io, deps.sources);
  const sources = await loadForList(sourcesHere(io, options.sources, mayAsk));
  const others = options.via && (await readViaHosts(options.via, io));
  const hasNamesForSsh = options.show === 'json' || (isTable(options) && io.terminal.stdout);
  const hosts = () => (hasNamesForSsh ? deps.hosts(io) : Promise.resolve(undefined));
  let onAnswer: OnAnswer | undefined;
  let beforeQuestion: (() => void) | undefined;
  const look = async (signal?: AbortSignal): Promise<Selection> => {
    const all = others ? undefined : await deps.listAll({ env: io.env, signal }, sources);
    if (all && options.sources === undefined) await deps.keepFresh(all, io);
    const { names, hops } =
      options.names.length === 0
        ? { names: [], hops: [] }
        : (await import('./named.js')).byHosts(options.names, await deps.hosts(io));
    const wanted = { ...options, names };
    if (all && hops.length === 0) return select(wanted, io, sources, all, signal);
    return lookVia(wanted, others ?? hops, io, { signal, beforeQuestion }, all, onAnswer);
  };
  if (options.watchMs !== undefined) {
    const { watchMachines } = await import('./watch.js');
    return watchMachines(options, options.watchMs, io, look, hosts);
  }
  const progress = await startProgress(io, 'looking for machines');
  beforeQuestion = () => progress.stop();
  const widths: number[] = [];
  if (others && isTable(options) && io.terminal.stdout && options.names.length === 0) {
    const looks = { ...(await looksOf(options, io)), names: new Map(), widths };
    onAnswer = ({ machines, error }) => {
      const rows = formatTable(listed(options, { machines }), { ...looks, failed: error ? [error] : [] });
      progress.clear();
      io.out(rows);
    };
  }
  const selection = await look().finally(() => progress.stop());
  const written = await hosts();
  // Rows of hypervisors were printed as they came.
  if (widths.length === 0) io.out(await listText(options, io, selection, written));
  await warn(io, selection, options);
  if (isTable(options) && io.terminal.stdout && options.names.length === 0 && !others)
    io.err(await advice(options, io, selection, mayAsk, written));
  return listCode(options, selection);
}

function isTable({ show }: ListOptions): boolean {
  return show === 'table' || show === 'wide';
}

type OnAnswer = (listing: HostListing) => void;

/** Adds the machines of hypervisors to those that were found here. */
async function lookVia(
  options: ListOptions,
  hosts: readonly string[],
  io: Io,
  asking: AskOptions,
  here: AllMachines = { machines: [], warnings: [] },
  onAnswer?: OnAnswer,
): Promise<Selection> {
  const { askAll } = await import('../../machines/ask.js');
  const args = options.sources === undefined ? [] : [`--provider=${options.sources.join(',')}`];
  const listings = await askAll([...new Set(hosts)], io, { ...asking, args }, onAnswer);
  const all = {
    machines: [here, ...listings].flatMap((listing) => listing.machines),
    warnings: [here, ...listings].flatMap((listing) => listing.warnings),
  };
  const from = (options.via ? hosts : options.sources)?.join(' or ');
  const selection = await select({ ...options, addresses: false }, io, [], all, asking.signal, from);
  return { ...selection, failed: listings.flatMap(({ error }) => error ?? []) };
}

/** What to do next, for a person; "" if that is clear. */
async function advice(
  options: ListOptions,
  io: Io,
  all: AllMachines,
  mayAsk: readonly SourceEntry[],
  written: readonly HostEntry[] | undefined,
): Promise<string> {
  const running = listed(options, all).filter(mayRun);
  const closed = running.find(lacksWay);
  const open = running.filter((machine) => !lacksWay(machine));
  const isKnown = all.machines.length > 0 || all.warnings.some(isSilence);
  const isClear = isKnown && (open.length === 0 || written !== undefined);
  if (isClear && !closed) return '';
  const { howToGetOne, whatNext } = await import('./what-next.js');
  const here = sourcesHere(io, options.sources, mayAsk);
  // A source of Windows is named only where it can be.
  const canBe = mayAsk.filter((entry) => !entry.platforms.includes('win32') || here.includes(entry));
  const start = isClear || open.length > 0 ? [] : howToGetOne(await loadSources(canBe), io);
  const format = await (await import('../../cli/rows.js')).rowFormatter(io);
  return format([...start, ...whatNext(all.machines, isClear ? [] : open, closed, io)]);
}

function lacksWay({ provider, routes = [] }: ListedMachine): boolean {
  return ownSource(provider)?.device !== undefined && routes.length === 0;
}

function chooseSources({ sources }: ListOptions, { platform }: Io, all: readonly SourceEntry[]) {
  const names = all.map(({ name }) => name);
  for (const name of sources ?? []) choose(own.sources.long, 'any', names, name);
  return sourcesOn(platform, sources, all).filter(({ name }) => sources?.includes(name) ?? true);
}

/** The machines that the options ask for. Those of names keep their order; addresses that no list has are asked for. */
export async function select(
  options: ListOptions,
  io: Io,
  asked: readonly Source[],
  all: AllMachines,
  signal?: AbortSignal,
  from = options.sources?.join(' or '),
): Promise<Selection> {
  const byName = options.names.length === 0 ? undefined : await import('./named.js');
  const named = byName?.namedMachines(options.names, all, from);
  const machines =
    named?.machines.filter((machine) => !options.runningOnly || mayRun(machine)) ?? listed(options, all);
  const shown: readonly SelectedMachine[] = options.addresses
    ? await withAddresses(machines, io, asked, signal)
    : machines.map((machine) => ({ machine }));
  return {
    machines: all.machines,
    warnings: named ? all.warnings : [...all.warnings, ...shown.flatMap(({ warning }) => warning ?? [])],
    shown: shown.map(({ machine }) => machine),
    errors: named ? [...named.errors, ...shown.flatMap((machine) => unknownOf(machine, options))] : [],
  };
}

interface SelectedMachine {
  readonly machine: ListedMachine;
  readonly warning?: Warning;
}

async function withAddresses(
  machines: readonly ListedMachine[],
  { env }: Io,
  asked: readonly Source[],
  signal: AbortSignal | undefined,
): Promise<readonly SelectedMachine[]> {
  const ask = async (machine: ListedMachine): Promise<SelectedMachine> => {
    const provider = asked.find(({ name }) => name === machine.provider);
    if (addressOf(machine) !== undefined || !mayRun(machine) || !provider?.addressOf) return { machine };
    try {
      const { routes = [] } = machine;
      const found = routesTo([await provider.addressOf(machine, { env, signal })]);
      return { machine: { ...machine, routes: [...routes, ...found] } };
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof DiscoveryError)) throw error;
      const { code, message: problem } = error;
      return { machine, warning: { provider: machine.provider, code, problem } };
    }
  };
  return fewAtATime(machines, atOnce, ask, signal);
}

/** How many addresses are asked for at once: each is a process. */
const atOnce = 4;

function unknownOf({ machine, warning }: SelectedMachine, { show }: ListOptions): readonly ConnectError[] {
  const what = show === 'id' || show === 'address' ? show : undefined;
  if (what === undefined || (what === 'id' ? machine.uuid : addressOf(machine)) !== undefined) return [];
  const state = what === 'address' && !mayRun(machine) ? `: it is ${machine.status}` : '';
  const problem = `${machine.provider} has no ${what} for it${warning ? `: ${warning.problem}` : state}`;
  return [new ConnectError('resolve', machine.name, { code: warning?.code ?? 'NOT_FOUND', problem })];
}
