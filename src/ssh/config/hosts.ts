import { slug } from '../../address/slug.js';
import type { ListedMachine } from '../../discovery/merge.js';
import { printable } from '../../errors.js';
import { countBy } from '../../group-by.js';
import { parseTarget } from '../../kinds/parse.js';
import type { GuestKeys } from '../guest-keys.js';
import { hostKeyAlias } from '../identity.js';
import { trustIn } from './guest-hosts.js';
import { hostOptions } from './host-options.js';
import { blockProvider, type HostBlock, isBlockOf } from './kept.js';
import { moreNames } from './more-names.js';
import { type SharedUuid, withOwnUuids } from './same-uuid.js';
import { settingsOf } from './settings.js';
import type { ConcreteHost } from './text.js';

export interface ConcreteHostOptions {
  /** The prefix of each name. */
  readonly prefix: string;
  /** Names that are already taken, in lower case. */
  readonly taken: ReadonlySet<string>;
  /** Blocks of providers that cannot be asked now: what people type must not lead to another machine meanwhile. */
  readonly held?: readonly HostBlock[];
  readonly knownHosts: string;
  /** Whether a name may have a dot without a prefix: where it cannot mean a host on a network. */
  readonly dots?: boolean | undefined;
  /** Machines whose host keys are known beforehand. */
  readonly guests?: readonly GuestKeys[];
}

export interface ConcreteHosts {
  readonly hosts: readonly ConcreteHost[];
  /** Machines without a Host, and why. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
  /** Their host keys are not kept by it. */
  readonly shared: readonly SharedUuid[];
}

/** A Host block for each machine, by its slug, and for one of a hypervisor NAME.HOST; none that could mean another host or machine. */
export function concreteHosts(
  machines: readonly ListedMachine[],
  { prefix, taken, held = [], knownHosts, guests = [], dots = prefix !== '' }: ConcreteHostOptions,
): ConcreteHosts {
  const hosts: ConcreteHost[] = [];
  const left: { name: string; why: string }[] = [];
  const { machines: own, shared } = withOwnUuids(machines);
  // Skip made-up names: their number changes with every start.
  const known = own.filter((machine) => !isMadeUp(machine));
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
  const folded = countBy(named, ({ host }) => host.toLowerCase());
  const names = moreNames(named, taken);
  const holders = new Map(held.map((block) => [block.host.toLowerCase(), block]));
  for (const { machine, host } of named) {
    const isOnly = (machine.via === undefined ? spelledHere : spelled).get(host) === 1;
    const why =
      problem(machine, host, dots, taken, isOnly) ??
      contested(machine, host, holders.get(host.toLowerCase()));
    if (why !== undefined) {
      left.push({ name: machine.name, why });
      continue;
    }
    const keys = machine.via === undefined ? guests.find(({ name }) => name === machine.name) : undefined;
    const more = names.get(machine) ?? [];
    hosts.push({
      ...toHost(machine, host, knownHosts, keys),
      // If two names differ only in case, the target shows which machine it is.
      ...(folded.get(host.toLowerCase()) === 1
        ? {}
        : {
            about: printable(`${machine.name} (${machine.target}) of ${blockProvider(machine)}`),
          }),
      ...(more.length === 0 ? {} : { names: more }),
    });
  }
  return { hosts, left, shared };
}

// Another hypervisor's answer has no pids.
function isMadeUp({ name, provider, pid, via }: ListedMachine): boolean {
  const [, number] = /-(\d+)$/.exec(name) ?? [];
  return name === `${provider}-${via === undefined ? pid : number}`;
}

function problem(
  machine: ListedMachine,
  host: string,
  dots: boolean,
  taken: ReadonlySet<string>,
  isOnly: boolean,
): string | undefined {
  if (slug(machine.name) === '') return 'its name has no character that is valid in a host name';
  const { name, via = '' } = machine;
  if (via !== '' && /[/%]/.test(name)) return 'its name has "/" or "%", which separate the parts of a target';
  if (via !== '' && slug(name).includes('.') && dots)
    return 'with a dot it could be a machine of another hypervisor';
  if (!dots && (slug(name).includes('.') || via.includes('.')))
    return 'with a dot it could be a host on a network: use --prefix';
  if (taken.has(host.toLowerCase())) return `your ssh configuration already has a Host ${host}: use --prefix`;
  if (!isOnly) return `another machine would be Host ${host} too: give one of them another name`;
  try {
    hostOptions({ ...toHost(machine, host, '~/x').options, program: ['vmssh'], fdpass: false });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function contested(machine: ListedMachine, host: string, holder: HostBlock | undefined): string | undefined {
  if (holder === undefined || isBlockOf(holder, blockProvider(machine), aliasOf(machine))) return undefined;
  return `Host ${host} is that of a machine of ${holder.provider}, which cannot be asked now: use --prefix`;
}

function aliasOf(machine: ListedMachine): string | undefined {
  return hostKeyAlias({ target: parseTarget(machine.target), machine });
}

function toHost(machine: ListedMachine, host: string, knownHosts: string, keys?: GuestKeys): ConcreteHost {
  const { name, target, user, identityFile, identityAgent } = machine;
  const alias = aliasOf(machine);
  return {
    host,
    about: printable(`${name} of ${blockProvider(machine)}`),
    options: {
      target,
      knownHosts: alias === undefined ? undefined : knownHosts,
      hostKeyAlias: alias,
      user,
      identityFile,
      identityAgent,
      ...(keys ? trustIn(keys) : {}),
    },
  };
}

/** The names after `Host` in a configuration, without patterns, in lower case: a new block must not use them. */
export function hostNames(config: string): ReadonlySet<string> {
  const words = settingsOf(config).flatMap(({ keyword, args }) => (keyword === 'host' ? args : []));
  return new Set(words.map((word) => word.toLowerCase()).filter((word) => /^[^*?!]+$/.test(word)));
}
