import { join } from 'node:path';
import type { Command, Io, RawArgs } from '../../cli/command.js';
import { jsonOption } from '../../cli/json.js';
import { flag, parsed, seconds } from '../../cli/option.js';
import { choose, oneOf } from '../../cli/option-choice.js';
import { startProgress } from '../../cli/spinner.js';
import { positionals } from '../../cli/values.js';
import type { AllMachines } from '../../discovery/list-all.js';
import { ownEnv } from '../../discovery/own-env.js';
import { type Deps, type Provider, providersOn } from '../../discovery/provider.js';
import { readText } from '../../files/read-file.js';
import { sshFolder } from '../../ssh/folder.js';
import { keepFresh } from '../config/fresh/keep-fresh.js';
import { type ListOptions, listCode, listed, listText, mayRun, warnOfProviders } from './output.js';
import { watchMachines } from './watch.js';

/** What to ask and read; a parameter, for tests. */
export interface ListDeps {
  readonly providers: () => Promise<readonly Provider[]>;
  readonly listAll: (deps: Deps, providers: readonly Provider[]) => Promise<AllMachines>;
  /** The file that config install writes; undefined if there is none. */
  readonly hosts: (io: Io) => Promise<string | undefined>;
  /** Writes the Hosts of machines that came or went. */
  readonly keepFresh: (found: AllMachines, io: Io) => Promise<void>;
}

const listDeps: ListDeps = {
  providers: async () => (await import('../../discovery/providers.js')).providers,
  listAll: async (deps, providers) => (await import('../../discovery/list-all.js')).listAll(deps, providers),
  hosts: ({ env, platform }) =>
    readText(join(sshFolder(ownEnv(env), platform), 'vmssh.conf')).catch(() => undefined),
  keepFresh,
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
After vmssh config install, a terminal also shows what to type: SSH, such as ssh vm-mint. For scripts it is the sshName of --json.
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
  const hosts = () => (readsHosts(options, io) ? deps.hosts(io) : Promise.resolve(undefined));
  if (options.watchMs !== undefined) {
    const again = async (signal: AbortSignal) => {
      const all = await deps.listAll({ env: io.env, signal }, providers);
      if (options.providers === undefined) await deps.keepFresh(all, io);
      return all;
    };
    return watchMachines(options, options.watchMs, io, again, hosts);
  }
  const progress = await startProgress(io, 'looking for machines');
  const all = await deps.listAll({ env: io.env }, providers).finally(() => progress.stop());
  if (options.providers === undefined) await deps.keepFresh(all, io);
  const file = await hosts();
  io.out(await listText(options, io, all, file));
  await warnOfProviders(io, all, options);
  if (isTable(options) && io.terminal.stdout) io.err(await advice(options, io, all, providers, file));
  return listCode(options, all);
}

function isTable({ show }: ListOptions): boolean {
  return show === 'table' || show === 'wide';
}

/** Whether the output has names for ssh. */
function readsHosts(options: ListOptions, io: Io): boolean {
  return options.show === 'json' || (isTable(options) && io.terminal.stdout);
}

/** What to do next, for a person; "" if that is clear. */
async function advice(
  options: ListOptions,
  io: Io,
  all: AllMachines,
  asked: readonly Provider[],
  file: string | undefined,
): Promise<string> {
  const [first, ...others] = listed(options, all).filter(mayRun);
  if (all.machines.length > 0 && (first === undefined || file !== undefined)) return '';
  const { howToLogIn, howToGetOne } = await import('./what-next.js');
  return first ? howToLogIn(all.machines, [first, ...others], io) : howToGetOne(asked, io);
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
