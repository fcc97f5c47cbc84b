import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, Io, RawArgs } from '../../cli/command.js';
import { formatJson, jsonOption } from '../../cli/json.js';
import { flag, parsed, seconds } from '../../cli/option.js';
import { choose, oneOf } from '../../cli/option-choice.js';
import { startProgress } from '../../cli/spinner.js';
import { styles } from '../../cli/style.js';
import { positionals } from '../../cli/values.js';
import type { AllMachines } from '../../discovery/list-all.js';
import type { ListedMachine } from '../../discovery/merge.js';
import { type Deps, isFailure, type Provider, providersOn, type Status } from '../../discovery/provider.js';
import { exitCode, printable } from '../../errors.js';
import { formatIds, formatNames, formatTable, listJson } from './format.js';

export interface ListOptions {
  /** What to print of each machine. */
  readonly show: 'table' | 'wide' | 'json' | 'names' | 'ids';
  readonly runningOnly: boolean;
  /** The providers to ask; undefined: all. */
  readonly providers: readonly string[] | undefined;
  /** Milliseconds between two listings; undefined: list once. */
  readonly watchMs: number | undefined;
}

/** The sources to ask; a parameter, for tests. */
export interface ListDeps {
  readonly providers: () => Promise<readonly Provider[]>;
  readonly listAll: (deps: Deps, providers: readonly Provider[]) => Promise<AllMachines>;
}

const listDeps: ListDeps = {
  providers: async () => (await import('../../discovery/providers.js')).providers,
  listAll: async (deps, providers) => (await import('../../discovery/list-all.js')).listAll(deps, providers),
};

const runningOption = flag({
  long: 'running',
  short: 'r',
  summary: 'only running machines, or those that may be (unknown)',
});
const providerOption = parsed(
  {
    ...{ long: 'provider', value: 'LIST', takes: 'providers' },
    summary: 'ask only these providers, such as libvirt,machined',
  },
  (text) => text.split(','),
);
const outputOption = oneOf({
  ...{ long: 'output', short: 'o', value: 'FORMAT', choices: ['wide', 'json'] },
  summary: 'wide: more columns; json: as --json',
});
const quietOption = flag({
  long: 'quiet',
  short: 'q',
  summary: 'print only names, one per line, as hvc list does',
});
const idsOption = flag({ long: 'ids', short: 'i', summary: 'print only UUIDs, one per line' });
const watchOption = seconds({
  ...{ long: 'watch', short: 'w', leftOut: 2000 },
  summary: 'refresh every N seconds, until Ctrl-C (default 2)',
});

/** vmssh list: every machine on this host, whatever runs it. */
export const list: Command<ListOptions> = {
  name: 'list',
  summary: 'list the virtual machines and containers on this host',
  usage: '',
  details: `On a terminal it prints an aligned table, in a pipe lines of tab-separated columns without a header:
STATUS NAME TARGET PROVIDER, and with -o wide also CID, UUID, ADDRESS and the machine's OTHER targets.
A provider that takes over a second or fails gives a warning on stderr, and exit code 1 if --provider named it.`,
  options: [runningOption, providerOption, outputOption, quietOption, idsOption, jsonOption, watchOption],
  exclusive: [
    [jsonOption, quietOption, idsOption],
    [quietOption, idsOption, outputOption],
  ],
  examples: [
    { line: 'vmssh list --running', about: 'what can be logged in to' },
    { line: 'vmssh list | cut -f3', about: 'only the targets' },
    {
      line: "vmssh list -q --provider libvirt | xargs -d '\\n' -n1 vmssh check",
      about: 'check each domain of libvirt',
    },
    { line: "vmssh list --json | jq -r '.machines[] | select(.cid) | .name'", about: 'for scripts' },
  ],

  parse(raw) {
    positionals(raw, 0, 0, 'no argument');
    return {
      show: show(raw),
      runningOnly: runningOption.read(raw),
      providers: providerOption.read(raw),
      watchMs: watchOption.read(raw),
    };
  },

  run: (options, io) => runList(options, io),
};

export async function runList(options: ListOptions, io: Io, deps: ListDeps = listDeps): Promise<number> {
  const providers = chosen(options, io, await deps.providers());
  if (options.watchMs !== undefined) return watch(options, options.watchMs, io, providers, deps);
  const progress = await startProgress(io, 'asking for machines');
  const all = await deps.listAll({ env: io.env }, providers).finally(() => progress.stop());
  io.out(await format(options, io, all));
  await warn(io, all, options);
  return codeOf(options, all);
}

/** Only a provider that --provider named makes the command fail; another one gives a warning. */
function codeOf(options: ListOptions, { warnings }: AllMachines): number {
  const failed = warnings.filter(isFailure).some(({ provider }) => options.providers?.includes(provider));
  return failed ? exitCode.connect : exitCode.ok;
}

async function watch(
  options: ListOptions,
  everyMs: number,
  io: Io,
  providers: readonly Provider[],
  deps: ListDeps,
): Promise<number> {
  const gone = io.outputGone();
  const signal = AbortSignal.any([io.interrupted(), gone]);
  let last: string | undefined;
  let warned: string | undefined;
  while (!signal.aborted) {
    try {
      const all = await deps.listAll({ env: io.env, signal }, providers);
      const text = await format(options, io, all);
      // Cursor home, the new text, then erase the rest: no flicker. A pipe only gets the changes.
      if (io.terminal.stdout) io.out(`\x1b[H${text.replaceAll('\n', '\x1b[K\n')}\x1b[J`);
      else if (text !== last) io.out(last === undefined || options.show === 'json' ? text : `\n${text}`);
      const warnings = JSON.stringify(all.warnings);
      // On a terminal they are below the text, and were erased with the old one.
      const isGone = io.terminal.stdout && io.terminal.stderr;
      if (isGone || warnings !== (warned ?? '[]')) await warn(io, all, options);
      last = text;
      warned = warnings;
      await sleep(everyMs, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
  return gone.aborted ? exitCode.ok : exitCode.interrupted;
}

function show(raw: RawArgs): ListOptions['show'] {
  const output = outputOption.read(raw);
  if (jsonOption.read(raw)) return 'json';
  if (quietOption.read(raw)) return 'names';
  if (idsOption.read(raw)) return 'ids';
  return output ?? 'table';
}

function chosen(options: ListOptions, io: Io, providers: readonly Provider[]): readonly Provider[] {
  const names = providers.map(({ name }) => name);
  for (const name of options.providers ?? []) choose(providerOption.long, 'any', names, name);
  return providersOn(io.platform, providers).filter(({ name }) => options.providers?.includes(name) ?? true);
}

// Of a container without systemd-machined only the socket is known, which may accept a login.
const mayRun: ReadonlySet<Status> = new Set(['running', 'unknown']);

async function format(options: ListOptions, io: Io, all: AllMachines): Promise<string> {
  const machines = all.machines.filter(({ status }) => !options.runningOnly || mayRun.has(status));
  const sorted = machines.toSorted(byStatusAndName);
  switch (options.show) {
    case 'json':
      return formatJson(listJson(sorted, all.warnings, codeOf(options, all)), options.watchMs === undefined);
    case 'names':
      return formatNames(sorted);
    case 'ids':
      return formatIds(sorted);
    case 'table':
    case 'wide':
      return formatTable(sorted, {
        wide: options.show === 'wide',
        style: await styles(io, 'stdout'),
        terminal: io.terminal.stdout,
      });
  }
}

async function warn(io: Io, { warnings }: AllMachines, { show }: ListOptions): Promise<void> {
  if (show === 'json') return;
  const style = await styles(io, 'stderr');
  for (const { provider, code, problem } of warnings)
    io.err(`${style.yellow(`${io.program}: warning:`)} ${provider}: ${printable(`${problem} (${code})`)}\n`);
}

function byStatusAndName(a: ListedMachine, b: ListedMachine): number {
  const rank = ({ status }: ListedMachine) => (status === 'running' ? 0 : status === 'off' ? 2 : 1);
  return rank(a) - rank(b) || compareNames(a.name, b.name);
}

// web2 comes before web10, ignoring case. Intl could do this, but takes 5 ms to load its tables.
function compareNames(a: string, b: string): number {
  const [x = '', y = ''] = [a, b].map((name) =>
    name.toLowerCase().replaceAll(/\d+/g, (digits) => digits.padStart(20, '0')),
  );
  return x === y ? 0 : x < y ? -1 : 1;
}
