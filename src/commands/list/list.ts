import type { Command, Io, RawArgs } from '../../cli/command.js';
import { jsonOption } from '../../cli/json.js';
import { flag, parsed, seconds } from '../../cli/option.js';
import { choose, oneOf } from '../../cli/option-choice.js';
import { startProgress } from '../../cli/spinner.js';
import { positionals } from '../../cli/values.js';
import type { AllMachines } from '../../discovery/list-all.js';
import { type Deps, type Provider, providersOn } from '../../discovery/provider.js';
import { type ListOptions, listCode, listText, warnOfProviders } from './output.js';
import { watchMachines } from './watch.js';

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
  if (options.watchMs !== undefined) {
    const again = (signal: AbortSignal) => deps.listAll({ env: io.env, signal }, providers);
    return watchMachines(options, options.watchMs, io, again);
  }
  const progress = await startProgress(io, 'looking for machines');
  const all = await deps.listAll({ env: io.env }, providers).finally(() => progress.stop());
  io.out(await listText(options, io, all));
  await warnOfProviders(io, all, options);
  return listCode(options, all);
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
