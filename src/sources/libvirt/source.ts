import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { StartCommand } from '../../base/errors.js';
import { countBy } from '../../base/group-by.js';
import { readText, readWithStats } from '../../files/read-file.js';
import { nameProblem } from '../../typed/names.js';
import { parseGuid } from '../../typed/numbers.js';
import { shellQuoted } from '../../typed/shell.js';
import { routesTo } from '../routes.js';
import { match, searchIn } from '../search.js';
import type { Deps, DiscoveredMachine, Listing, Search, Source } from '../source.js';
import { serviceLimitMs } from '../source.js';
import { objectAt, objectsIn, parseJson, textOf } from '../tools/json.js';
import { authorityIn, type Scope } from '../trusted-path.js';
import { type Domain, type DomainList, domainAddresses, listDomains, uriOf } from './libvirt.js';

export interface DiscoveredDomain extends DiscoveredMachine {
  readonly scope: Scope;
}

/** What libvirt and its QEMU are asked; a parameter, for tests. */
export interface LibvirtEffects {
  readonly domains: (deps: Deps, scopes: readonly Scope[]) => Promise<DomainList>;
  /** Machines of command lines of processes, for the address of a domain whose XML has none. */
  readonly processes?: (deps: Deps) => Promise<Listing>;
  readonly addresses: (domain: DiscoveredDomain, deps: Deps) => Promise<readonly string[]>;
}

const effects: LibvirtEffects = { domains: listDomains, addresses: domainAddresses };

/** The domains of libvirt's QEMU driver: the system's and the user's, or those of one libvirtd. */
export function libvirtOf(
  scopes: readonly Scope[] = ['system', 'user'],
  { domains, processes, addresses } = effects,
): Source<DiscoveredDomain> {
  return {
    name: 'libvirt',
    title: 'libvirt',
    programs: ['virsh'],
    limitMs: serviceLimitMs,
    hints: {
      address: ({ target }) => `vmssh setup ${shellQuoted(target)}`,
    },
    list: async (deps) => {
      const all = await domains(deps, scopes);
      return { found: await withLogins(discoveredDomains(all.domains), deps), warnings: all.warnings };
    },
    async find(name, deps) {
      const search = await findDomain(name, deps, scopes, domains);
      if (search.outcome !== 'found') return search;
      const [machine = search.machine] = await withLogins([search.machine], deps);
      return { ...search, machine };
    },
    start: startDomain,
    async resolve(domain, context) {
      if (domain.status !== 'running' || domain.routes?.length) return {};
      const { routeByQemu } = await import('../vmm/qemu.js');
      const route = await routeByQemu(domain, context, processes);
      return route ? { routes: [route] } : {};
    },
    files: async (machine, deps) => (await import('./guest-agent.js')).guestAgentFiles(machine, deps),
    ipOf: async (domain, deps) => {
      const timeoutMs = Math.min(deps.timeoutMs ?? maxMs, maxMs);
      return (await addresses(domain, { ...deps, timeoutMs }))[0];
    },
  };
}

async function withLogins(domains: readonly DiscoveredDomain[], deps: Deps) {
  if (domains.length === 0) return domains;
  const logins = await vagrantLogins(deps);
  return domains.map((domain) => ({ ...domain, ...logins.get(domain.uuid ?? '') }));
}

/** For asking for an address. Milliseconds. */
const maxMs = 10_000;

export const libvirt = libvirtOf();

export function startDomain(domain: DiscoveredDomain): StartCommand {
  const verb = domain.status === 'paused' ? 'resume' : 'start';
  return { machine: domain.name, command: ['virsh', '-c', uriOf(domain), verb, handleOf(domain)] };
}

/** A domain for virsh: its name, or its UUID if virsh could read the name as an option or as another domain's id. */
export function handleOf({ name, uuid = name }: DiscoveredDomain): string {
  return /^[a-z_][\w.-]*$/i.test(name) ? name : uuid;
}

/** By name, slug, UUID, or id while it is active. If both libvirtds have the name, the system's, as in libvirt-ssh-proxy. */
async function findDomain(
  name: string,
  deps: Deps,
  scopes: readonly Scope[],
  listAll: LibvirtEffects['domains'],
): Promise<Search<DiscoveredDomain>> {
  const { domains, warnings } = await listAll(deps, scopes);
  const discovered = discoveredDomains(domains);
  const named = match(name, discovered);
  const matches = named.length > 0 ? named : discovered.filter((_, i) => String(domains[i]?.id) === name);
  const isOneName = new Set(matches.map((each) => each.name)).size === 1;
  const meant = scopes.length > 1 && isOneName ? matches.slice(0, 1) : matches;
  return searchIn(meant, discovered, ({ target }) => target, warnings);
}

/** If two have the name, the target names the libvirtd. */
export function discoveredDomains(domains: readonly Domain[]): readonly DiscoveredDomain[] {
  const named = countBy(domains, ({ name }) => name);
  return domains.map(({ name, uuid, cid, status, scope }) => {
    const part = scope === 'system' ? 'system' : 'session';
    const kind = named.get(name) === 1 ? 'qemu' : `qemu:${part}`;
    const target = `${kind}/${nameProblem(name) === undefined ? name : uuid}`;
    const routes = routesTo([cid === undefined ? undefined : `vsock/${cid}`]);
    const authority = authorityIn(scope);
    return { name, target, status, provider: libvirt.name, cid, uuid, routes, scope, part, authority };
  });
}

/** Boxes have this user (https://developer.hashicorp.com/vagrant/docs/boxes/base), unless their Vagrantfile says another. */
interface VagrantLogin {
  readonly user: 'vagrant';
  readonly identityFile: string;
}

/**
 * Logins of Vagrant's machines with libvirt, by their UUIDs: its index names their folders, which have the UUID and the
 * key. Another user's folders and keys do not count, nor does what cannot be read.
 */
export async function vagrantLogins(
  { env }: Deps,
  uid: number | undefined = process.getuid?.(),
): Promise<ReadonlyMap<string, VagrantLogin>> {
  const home = env.VAGRANT_HOME || (env.HOME ? join(env.HOME, '.vagrant.d') : '');
  if (!isAbsolute(home) || uid === undefined) return new Map();
  const folders = await machineFolders(join(home, 'data/machine-index/index'), uid);
  const logins = await Promise.all(folders.map((folder) => loginIn(folder, uid).catch(() => undefined)));
  return new Map(logins.filter((login) => login !== undefined));
}

/** An index is some hundred bytes for each machine. */
const maxIndex = 4 << 20;
const maxMachines = 1000;

/** The folders of those with libvirt (lib/vagrant/machine_index.rb). */
async function machineFolders(index: string, uid: number): Promise<readonly string[]> {
  try {
    const { bytes, stats } = await readWithStats(index, maxIndex);
    const json: unknown = stats.uid === uid ? parseJson(bytes.toString()) : undefined;
    const machines = Object.values(objectAt(json, 'machines')).slice(0, maxMachines);
    return objectsIn(machines).flatMap((machine) => {
      const [path = '', name = ''] = [textOf(machine, 'local_data_path'), textOf(machine, 'name')];
      const isOne = machine.provider === 'libvirt' && isAbsolute(path) && /^[^/\0]+$/.test(name);
      return isOne && name !== '..' ? [join(path, 'machines', name, 'libvirt')] : [];
    });
  } catch {
    return [];
  }
}

async function loginIn(folder: string, uid: number): Promise<readonly [string, VagrantLogin] | undefined> {
  const identityFile = join(folder, 'private_key');
  if (!(await isOwn(folder, uid)) || !(await isOwn(identityFile, uid))) return undefined;
  const uuid = parseGuid((await readText(join(folder, 'id'), 256)).trim());
  return uuid === undefined ? undefined : [uuid, { user: 'vagrant', identityFile }];
}

async function isOwn(path: string, uid: number): Promise<boolean> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats: Stats = await file.stat().finally(() => file.close());
  return stats.uid === uid && (stats.mode & 0o002) === 0;
}
