import { slug } from '../../address/slug.js';
import type { ListedMachine } from '../../discovery/merge.js';
import { printable } from '../../errors.js';
import { countBy } from '../../group-by.js';
import { parseTarget } from '../../kinds/parse.js';
import type { GuestKeys } from '../guest-keys.js';
import { hostKeyAlias, uuidAlias } from '../identity.js';
import { typedPatterns } from './grouped/typed-names.js';
import { trustIn } from './guest-hosts.js';
import { hostOptions } from './host-options.js';
import { blockProvider, type HostBlock, isBlockOf } from './kept.js';
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
}

/** A Host block for each machine, by its slug, and for one of a hypervisor NAME.HOST; none that could mean another host or machine. */
export function concreteHosts(
  machines: readonly ListedMachine[],
  { prefix, taken, held = [], knownHosts, guests = [], dots = prefix !== '' }: ConcreteHostOptions,
): ConcreteHosts {
  const hosts: ConcreteHost[] = [];
  const left: { name: string; why: string }[] = [];
  // Skip made-up names: their number changes with every start.
  const named = machines.filter((machine) => !isMadeUp(machine));
  const shortOf = ({ name, via }: ListedMachine) => `${slug(name)} ${via ?? ''}`.toLowerCase();
  const slugs = countBy(named, shortOf);
  const uuids = countBy(machines, ({ uuid }) => uuid);
  const names = countBy(machines, nameThere);
  const hostOf = (machine: ListedMachine) => {
    const { name, provider, via } = machine;
    const isOnly = slugs.get(shortOf(machine)) === 1;
    return `${prefix}${slug(name)}${isOnly ? '' : `-${provider}`}${via === undefined ? '' : `.${via}`}`;
  };
  const spelled = countBy(named, hostOf);
  const folded = countBy(named, (machine) => hostOf(machine).toLowerCase());
  const holders = new Map(held.map((block) => [block.host.toLowerCase(), block]));
  for (const machine of named) {
    const host = hostOf(machine);
    const why =
      problem(machine, host, dots, taken, spelled.get(host) === 1) ??
      contested(machine, host, holders.get(host.toLowerCase()));
    const keys = machine.via === undefined ? guests.find(({ name }) => name === machine.name) : undefined;
    if (why !== undefined) {
      left.push({ name: machine.name, why });
      continue;
    }
    const isOnly = folded.get(host.toLowerCase()) === 1;
    const patterns = [
      isOnly ? inLowerCase(host) : undefined,
      uuidPattern(machine, uuids, taken),
      ...typedPatterns(machine, names.get(nameThere(machine)) === 1),
    ];
    const pattern = patterns.filter((each) => each !== undefined).join(' ');
    hosts.push({
      ...toHost(machine, host, knownHosts, keys),
      // If two names differ only in case, the target shows which machine it is.
      ...(isOnly
        ? {}
        : {
            about: printable(`${machine.name} (${machine.target}) of ${blockProvider(machine)}`),
          }),
      ...(pattern === '' ? {} : { pattern }),
    });
  }
  return { hosts, left };
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

// ssh compares names letter by letter, and people type them in lower case. Undefined: it is so already. "x* !x?*" matches
// x and nothing else, but is a pattern: IDEs and completion skip patterns, and so list the machine once.
function inLowerCase(host: string): string | undefined {
  const lower = host.toLowerCase();
  return lower === host ? undefined : `${lower}* !${lower}?*`;
}

// With "?" for the first dash: no other UUID matches, and it is a pattern too.
function uuidPattern(
  { uuid, via }: ListedMachine,
  uuids: ReadonlyMap<string | undefined, number>,
  taken: ReadonlySet<string>,
): string | undefined {
  // Another hypervisor may say so of any UUID.
  if (via !== undefined || uuid === undefined || uuidAlias(uuid) === undefined || taken.has(uuid))
    return undefined;
  return uuids.get(uuid) === 1 ? uuid.replace('-', '?') : undefined;
}

function nameThere({ name, via }: ListedMachine): string | undefined {
  return via === undefined ? undefined : `${via}/${name}`.toLowerCase();
}

/** The names after `Host` in a configuration, without patterns, in lower case: a new block must not use them. */
export function hostNames(config: string): ReadonlySet<string> {
  const words = settingsOf(config).flatMap(({ keyword, args }) => (keyword === 'host' ? args : []));
  return new Set(words.map((word) => word.toLowerCase()).filter((word) => /^[^*?!]+$/.test(word)));
}
