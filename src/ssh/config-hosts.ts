import { slug } from '../discovery/match-found.js';
import type { ListedMachine } from '../discovery/merge.js';
import { printable } from '../errors.js';
import { countBy } from '../group-by.js';
import { parseTarget } from '../kinds/parse.js';
import { settingsOf } from './config-settings.js';
import type { ConcreteHost } from './config-text.js';
import { hostOptions } from './host-options.js';
import { hostKeyAlias, isNamed } from './identity.js';

export interface ConcreteHostOptions {
  /** Stands in front of each name. */
  readonly prefix: string;
  /** Names that mean something else already, in lower case. */
  readonly taken: ReadonlySet<string>;
  readonly knownHosts: string;
}

export interface ConcreteHosts {
  readonly hosts: readonly ConcreteHost[];
  /** Machines that got no name of their own, and why. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
}

/** A block a machine, by its slug; never one that could stand for another host. */
export function concreteHosts(
  machines: readonly ListedMachine[],
  { prefix, taken, knownHosts }: ConcreteHostOptions,
): ConcreteHosts {
  const hosts: ConcreteHost[] = [];
  const left: { name: string; why: string }[] = [];
  const used = new Set<string>();
  const slugs = countBy(machines, ({ name }) => slug(name).toLowerCase());
  const uuids = countBy(machines, ({ uuid }) => uuid);
  for (const machine of machines) {
    const { name, provider, pid } = machine;
    if (name === `${provider}-${pid}`) continue; // made up: it has none, and the number is another one next time
    const isOnly = slugs.get(slug(name).toLowerCase()) === 1;
    const host = `${prefix}${slug(name)}${isOnly ? '' : `-${provider}`}`;
    const why = problem(machine, host, prefix, taken, used);
    if (why === undefined) {
      used.add(host.toLowerCase());
      const pattern = uuidPattern(machine, uuids, taken);
      hosts.push({ ...toHost(machine, host, knownHosts), pattern });
    } else {
      left.push({ name, why });
    }
  }
  return { hosts, left };
}

function problem(
  machine: ListedMachine,
  host: string,
  prefix: string,
  taken: ReadonlySet<string>,
  used: ReadonlySet<string>,
): string | undefined {
  if (slug(machine.name) === '') return 'its name has no character that a host name can have';
  if (prefix === '' && host.includes('.')) return 'with a dot it could be a host on a network: use --prefix';
  if (taken.has(host.toLowerCase())) return `your ssh configuration has a Host ${host} already: use --prefix`;
  if (used.has(host.toLowerCase())) return `another machine of ${machine.provider} has this name`;
  try {
    hostOptions({ ...toHost(machine, host, '~/x').options, program: ['vmssh'], fdpass: false });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function toHost(machine: ListedMachine, host: string, knownHosts: string): ConcreteHost {
  const { name, target, provider, user, identityFile } = machine;
  const keeps = isNamed(parseTarget(target));
  const alias = hostKeyAlias(machine) ?? slug(target.replaceAll('/', '-'));
  return {
    host,
    about: printable(`${name} of ${provider}`),
    options: {
      target,
      knownHosts: keeps ? knownHosts : undefined,
      hostKeyAlias: keeps ? alias : undefined,
      user,
      identityFile,
    },
  };
}

// The first dash as "?": no other UUID fits, and IDEs and completion, which leave patterns out, list each machine once.
function uuidPattern(
  { uuid }: ListedMachine,
  uuids: ReadonlyMap<string | undefined, number>,
  taken: ReadonlySet<string>,
): string | undefined {
  if (uuid === undefined || hostKeyAlias({ uuid }) === undefined || taken.has(uuid)) return undefined;
  return uuids.get(uuid) === 1 ? uuid.replace('-', '?') : undefined;
}

/** The concrete names behind `Host` in a configuration, in lower case: what a new block may not stand for. */
export function hostNames(config: string): ReadonlySet<string> {
  const words = settingsOf(config).flatMap(({ keyword, args }) => (keyword === 'host' ? args : []));
  return new Set(words.map((word) => word.toLowerCase()).filter((word) => !/[*?!]/.test(word)));
}
