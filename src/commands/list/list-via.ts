import { startProgress } from '../../cli/terminal.js';
import { askAll, type HostListing } from '../../machines/ask.js';
import { listed } from '../../machines/listed.js';
import type { Io } from '../../process/io.js';
import type { AllMachines } from '../../sources/list-all.js';
import { formatTable } from './format.js';
import { type ListOptions, listCode, looksOf, type Selection, warn } from './output.js';
import { select } from './select.js';

export async function lookVia(
  options: ListOptions,
  hosts: readonly string[],
  io: Io,
  signal?: AbortSignal,
  onAnswer?: (listing: HostListing) => void,
  here: AllMachines = { machines: [], warnings: [] },
): Promise<Selection> {
  const providers = options.providers === undefined ? [] : [`--provider=${options.providers.join(',')}`];
  const listings = await askAll([...new Set(hosts)], io, { args: providers, signal }, onAnswer);
  const machines = [here, ...listings].flatMap((each) => each.machines);
  const warnings = [here, ...listings].flatMap((each) => each.warnings);
  const failed = listings.flatMap(({ error }) => error ?? []);
  const from = (options.via ? hosts : options.providers)?.join(' or ');
  const only = { ...options, addresses: false };
  const found = await select(only, io, [], { machines, warnings }, undefined, from);
  return { ...found, failed };
}

/** Prints the rows of each hypervisor on a terminal as they come. Resolves to the exit code. */
export async function streamVia(options: ListOptions, hosts: readonly string[], io: Io): Promise<number> {
  const widths: number[] = [];
  const looks = { ...(await looksOf(options, io)), names: new Map(), widths };
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
