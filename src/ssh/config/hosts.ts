import { slug } from '../../address/slug.js';
import type { ListedMachine } from '../../discovery/merge.js';
import { countBy } from '../../group-by.js';
import { aliasOf, entryHosts, type HostSurroundings, machineOptions, ownerName } from './entry-hosts.js';
import { hostOptions } from './host-options.js';
import type { SharedUuid } from './same-uuid.js';
import { settingsOf } from './settings.js';
import type { HostEntry } from './state.js';
import type { ConcreteHost } from './text.js';

export interface ConcreteHostOptions extends HostSurroundings {
  /** The prefix of each name. */
  readonly prefix: string;
  /** Machines that were not asked for now, and keep their Hosts: what people type must not lead to another machine meanwhile. */
  readonly kept?: readonly HostEntry[] | undefined;
  /** Whether a container that is off has one: its Host starts it. */
  readonly stopped?: boolean | undefined;
  /** Whether a name may have a dot without a prefix: where it cannot mean a host on a network. */
  readonly dots?: boolean | undefined;
  /** The day, as 2026-01-31. */
  readonly today?: string | undefined;
}

export interface ConcreteHosts {
  /** All machines with a Host, also those that are kept. */
  readonly entries: readonly HostEntry[];
  readonly hosts: readonly ConcreteHost[];
  /** Machines without a Host, and why. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
  /** Their host keys are not kept by it. */
  readonly shared: readonly SharedUuid[];
}

/** A Host for each machine, by its slug, and for one of a hypervisor NAME.HOST; none that could mean another host or machine. */
export function concreteHosts(
  machines: readonly ListedMachine[],
  options: ConcreteHostOptions,
): ConcreteHosts {
  const { entries: now, left } = assigned(machines, options);
  const names = new Set(now.map(({ host }) => host.toLowerCase()));
  const kept = (options.kept ?? []).filter(({ host }) => !names.has(host.toLowerCase()));
  const entries = [...now, ...kept];
  return { entries, left, ...entryHosts(entries, options) };
}

function assigned(
  machines: readonly ListedMachine[],
  { prefix, taken, kept = [], dots = prefix !== '', stopped = false, today = '' }: ConcreteHostOptions,
): Pick<ConcreteHosts, 'entries' | 'left'> {
  // Skip made-up names: their number changes with every start.
  const known = machines.filter((machine) => !isMadeUp(machine));
  const shortOf = ({ name, via }: ListedMachine) => `${slug(name)} ${via ?? ''}`.toLowerCase();
  const slugs = countBy(known, shortOf);
  const named = known.map((machine) => {
    const { name, provider, via } = machine;
    const isOnly = slugs.get(shortOf(machine)) === 1;
    const host = `${prefix}${slug(name)}${isOnly ? '' : `-${provider}`}${via === undefined ? '' : `.${via}`}`;
    return { machine, host };
  });
  const here = named.filter(({ machine }) => machine.via === undefined);
  const spelled = countBy(named, ({ host }) => host);
  // What another hypervisor says takes no name from a machine of this host.
  const spelledHere = countBy(here, ({ host }) => host);
  const holders = new Map(kept.map((entry) => [entry.host.toLowerCase(), entry]));
  const entries: HostEntry[] = [];
  const left: { name: string; why: string }[] = [];
  for (const { machine, host } of named) {
    if (!stopped && isStoppedContainer(machine)) continue;
    const isOnly = (machine.via === undefined ? spelledHere : spelled).get(host) === 1;
    const why =
      problem(machine, host, dots, taken, isOnly) ??
      contested(machine, host, holders.get(host.toLowerCase()));
    if (why === undefined) entries.push(toEntry(machine, host, today));
    else left.push({ name: machine.name, why });
  }
  return { entries, left };
}

// Another hypervisor's answer has no pids.
function isMadeUp({ name, provider, pid, via }: ListedMachine): boolean {
  const [, number] = /-(\d+)$/.exec(name) ?? [];
  return name === `${provider}-${via === undefined ? pid : number}`;
}

// They are left over by the hundred; their names are still theirs, so that no Host leads to another one meanwhile.
function isStoppedContainer({ container, status }: ListedMachine): boolean {
  return container !== undefined && status === 'off';
}

/** More is no name that anybody types. */
const longestName = 1000;

function problem(
  machine: ListedMachine,
  host: string,
  dots: boolean,
  taken: ReadonlySet<string>,
  isOnly: boolean,
): string | undefined {
  const { name, via = '' } = machine;
  if (name.length > longestName) return `its name is longer than ${longestName} characters`;
  if (slug(name) === '') return 'its name has no character that is valid in a host name';
  if (via !== '' && /[/%]/.test(name)) return 'its name has "/" or "%", which separate the parts of a target';
  if (via !== '' && slug(name).includes('.') && dots)
    return 'with a dot it could be a machine of another hypervisor';
  if (!dots && (slug(name).includes('.') || via.includes('.')))
    return 'with a dot it could be a host on a network: use --prefix';
  if (taken.has(host.toLowerCase())) return `your ssh configuration already has a Host ${host}: use --prefix`;
  if (!isOnly) return `another machine would be Host ${host} too: give one of them another name`;
  try {
    hostOptions({ ...machineOptions(machine, '~/x'), program: ['vmssh'], fdpass: false });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

// It may have moved to another provider, or away from a hypervisor: its name in known_hosts stays.
function contested(machine: ListedMachine, host: string, holder: HostEntry | undefined): string | undefined {
  if (holder === undefined || ownerName(holder) === ownerName(machine)) return undefined;
  if (aliasOf(holder) === aliasOf(machine) || (holder.via !== undefined && machine.via === undefined))
    return undefined;
  return `Host ${host} is that of a machine of ${ownerName(holder)}, which cannot be asked now: use --prefix`;
}

function toEntry(machine: ListedMachine, host: string, seen: string): HostEntry {
  const { name, target, provider, via, uuid, user, identityFile, identityAgent } = machine;
  const more = { via, uuid, user, identityFile, identityAgent };
  const known = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined));
  return { host, name, target, provider, ...known, seen };
}

/** The names after `Host` in a configuration, without patterns, in lower case: a new block must not use them. */
export function hostNames(config: string): ReadonlySet<string> {
  const words = settingsOf(config).flatMap(({ keyword, args }) => (keyword === 'host' ? args : []));
  return new Set(words.map((word) => word.toLowerCase()).filter((word) => /^[^*?!]+$/.test(word)));
}
