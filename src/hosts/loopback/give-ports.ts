import { loopbackHost } from '../../address/host-name.js';
import { loadAddon } from '../../native.js';
import { aliasOf } from '../../ssh/config/entry-hosts.js';
import { withOwnUuids } from '../../ssh/config/same-uuid.js';
import type { HostEntry, HostState } from '../../ssh/config/state.js';
import type { ConcreteHost } from '../../ssh/config/text.js';
import { chooseLoopbackPorts, type LoopbackPorts } from '../../ssh/loopback.js';

/** Machines with a Host, in one order. */
interface Made {
  readonly entries: readonly HostEntry[];
  readonly hosts: readonly ConcreteHost[];
}

/** They with their loopback ports, those of machines that are gone, and the Hosts that got none. */
export interface WithPorts extends Made {
  readonly gone: LoopbackPorts;
  readonly portless: readonly string[];
}

/** Gives each machine with an identity a port: that of the last run, or a new one. */
export function givePorts(
  { entries, hosts }: Made,
  last: HostState,
  isFree: (port: number) => boolean = nobodyListens,
  seed = `${process.geteuid?.() ?? ''}`,
): WithPorts {
  const aliases = withOwnUuids(entries).machines.map(aliasOf);
  const names = aliases.filter((alias) => alias !== undefined);
  const ports = chooseLoopbackPorts(names, { known: knownPorts(last), isFree, seed });
  const portOf = (i: number) => ports.get(aliases[i] ?? '');
  const isGone = ([name]: readonly [string, number]) => !names.includes(name);
  return {
    entries: entries.map((entry, i) => ({ ...withoutPort(entry), ...given(portOf(i)) })),
    hosts: hosts.map((host, i) => ({ ...host, options: { ...host.options, ...given(portOf(i)) } })),
    gone: new Map([...ports].filter(isGone)),
    portless: entries.filter((_, i) => portOf(i) === undefined).map(({ host }) => host),
  };
}

/** The entry without a loopback port. */
export function withoutPort({ loopback, ...entry }: HostEntry): HostEntry {
  return entry;
}

function knownPorts({ machines, gone }: HostState): LoopbackPorts {
  const now = withOwnUuids(machines).machines.flatMap((entry) => {
    const alias = entry.loopback === undefined ? undefined : aliasOf(entry);
    return alias === undefined || entry.loopback === undefined ? [] : [[alias, entry.loopback] as const];
  });
  return new Map([...(gone ?? []), ...now]);
}

function given(loopback: number | undefined): { readonly loopback?: number } {
  return loopback === undefined ? {} : { loopback };
}

/** By listening there for a moment. */
function nobodyListens(port: number): boolean {
  const { addon } = loadAddon();
  try {
    if (addon) addon.close(addon.listen({ family: 'inet', host: loopbackHost, port }, 1));
    return true;
  } catch {
    return false;
  }
}
