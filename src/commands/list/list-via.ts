import type { Io } from '../../cli/command.js';
import { startProgress, styles } from '../../cli/terminal.js';
import { askAll, type HostListing } from '../../machines/ask.js';
import { listed } from '../../machines/listed.js';
import { shellOf } from '../../target/shell.js';
import { formatTable } from './format.js';
import { type ListOptions, listCode, type Selection, warn } from './output.js';
import { select } from './select.js';

/** The machines of hypervisors that the options ask for. */
export async function lookVia(
  options: ListOptions,
  hosts: readonly string[],
  io: Io,
  signal?: AbortSignal,
  onAnswer?: (listing: HostListing) => void,
): Promise<Selection> {
  const providers = options.providers === undefined ? [] : [`--provider=${options.providers.join(',')}`];
  return together(options, io, await askAll(hosts, io, { args: providers, signal }, onAnswer));
}

/** Prints the rows of each hypervisor on a terminal as they come. Resolves to the exit code. */
export async function streamVia(options: ListOptions, hosts: readonly string[], io: Io): Promise<number> {
  const style = await styles(io, 'stdout');
  const widths: number[] = [];
  const looks = {
    wide: options.show === 'wide',
    style,
    terminal: true,
    names: new Map(),
    withHost: true,
    widths,
    shell: shellOf(io),
    columns: io.columns,
  };
  const progress = await startProgress(io, waiting(hosts.length));
  let left = hosts.length;
  const found = await lookVia(options, hosts, io, io.interrupted(), ({ machines, error }) => {
    left -= 1;
    const text = formatTable(listed(options, { machines }), { ...looks, failed: error ? [error] : [] });
    progress.clear();
    io.out(text);
    progress.update(waiting(left));
  }).finally(() => progress.stop());
  if (widths.length === 0) io.out('No machines found.\n');
  await warn(io, { ...found, failed: [] }, options);
  return listCode(options, found);
}

function waiting(count: number): string {
  return `asking ${count} hypervisor${count === 1 ? '' : 's'}`;
}

function together(options: ListOptions, io: Io, listings: readonly HostListing[]): Promise<Selection> {
  const machines = listings.flatMap((each) => each.machines);
  const warnings = listings.flatMap((each) => each.warnings);
  const failed = listings.flatMap(({ error }) => error ?? []);
  return select({ ...options, addresses: false }, io, [], { machines, warnings }).then((found) => ({
    ...found,
    failed,
  }));
}
