import { existsSync } from 'node:fs';
import { ConnectError, quote } from '../../errors.js';
import { type Route, routeBy } from '../../route.js';
import { withDashes } from '../../target/guid.js';
import { nameProblem } from '../../target/names.js';
import type { Deps, DiscoveredMachine, Listing, Search, Status, Warning } from '../provider.js';
import type { Reachable, ResolveContext, Source } from '../source.js';
import { authorityIn, authorityOf, type Scope } from '../tools/scope.js';
import {
  addressesOf,
  isContainer,
  listMachines,
  type Machine,
  type ScopeFailure,
  searchMachined,
  vmspawn,
} from './machined.js';

/** A machine and its record, which determines the route to it. */
export interface MachinedMachine extends DiscoveredMachine {
  readonly machine: Machine;
}

/** The virtual machines and containers that systemd-machined knows. */
export const machined: Source<MachinedMachine> = {
  name: 'machined',
  title: 'systemd-machined',
  programs: ['machinectl'],
  searchMs: 5000,
  hints: {
    unknown:
      'see machinectl list; use --wait while it boots; for a container without machined: container/NAME',
  },
  list,
  find,
  start: async ({ machine, status }) => {
    const { resumeCommand, startImage } = await import('../start-command.js');
    return status === 'paused' ? resumeCommand(machine) : startImage(machine.name);
  },
  resolve: (found, context) => resolveMachined(found, context),
};

async function list(deps: Deps): Promise<Listing<MachinedMachine>> {
  const { agentSockets } = await import('./ssh-agent.js');
  const [{ machines, failures }, agents] = await Promise.all([listMachines(deps), agentSockets(deps)]);
  const names = new Set<string>();
  const distinct = distinctMachines(machines);
  const [statuses, users, routes] = await Promise.all([
    statusesOf(distinct, deps),
    usersOf(distinct, deps),
    routesOfMachines(distinct, deps),
  ]);
  const found: MachinedMachine[] = [];
  for (const [i, machine] of distinct.entries()) {
    const handle = names.has(machine.name) ? machine.id : handleOf(machine);
    names.add(machine.name);
    // Without either there is nothing to type.
    if (handle === undefined) continue;
    const login = { user: users?.get(machine), identityAgent: agentOf(machine, agents) };
    found.push(fromMachined(machine, handle, statuses[i] ?? 'running', login, routes?.get(machine)));
  }
  return { found, warnings: failures.flatMap((failure) => toWarning(failure, failure.path)) };
}

async function find(name: string, deps: Deps): Promise<Search<MachinedMachine, Warning>> {
  const search = await searchMachined(name, deps);
  if (search.outcome === 'refused') return search;
  const warnings = search.warnings.flatMap((failure) => toWarning(failure, `the ${failure.scope}'s`));
  if (search.outcome === 'unknown') return (await offImage(name, deps)) ?? { ...search, warnings };
  if (search.outcome !== 'found') return { ...search, warnings };
  const { machine } = search;
  const [[status = 'running'], users] = await Promise.all([
    statusesOf([machine], deps),
    usersOf([machine], deps),
  ]);
  return {
    outcome: 'found',
    machine: fromMachined(machine, handleOf(machine), status, { user: users?.get(machine) }),
    warnings,
  };
}

/** A container that machined forgot when it was turned off: only its image is there, which only root sees. */
async function offImage(
  name: string,
  { exists = existsSync }: Deps,
): Promise<Search<MachinedMachine, Warning> | undefined> {
  const { hasImage } = await import('../start-command.js');
  if (!hasImage(name, exists)) return undefined;
  const machine: Machine = { name, class: 'container', scope: 'system' };
  return { outcome: 'found', machine: fromMachined(machine, name, 'off', {}), warnings: [] };
}

/** The routes to a machine: the socket that a container exports, its record's CID and address; without those what its QEMU or root has. */
export async function resolveMachined(
  found: MachinedMachine,
  context: ResolveContext,
  uid = process.getuid?.(),
): Promise<Partial<Reachable>> {
  const { machine } = found;
  const steps = [`systemd-machined (${machine.scope}) knows ${machine.class} ${quote(machine.name)}`];
  const routes: Route[] = [];
  const errors: ConnectError[] = [];
  const attempt = async (find: () => Route | Promise<Route>) => {
    try {
      routes.push(await find());
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      errors.push(error);
    }
  };
  const nspawn = isContainer(machine) ? await import('./nspawn.js') : undefined;
  if (nspawn) await attempt(() => nspawn.exportOf(machine.name, context));
  const isExported = routes.length > 0;
  for (const address of addressesOf(machine)) await attempt(() => routeOfRecord(machine, address, context));
  const [error] = errors;
  if (nspawn) {
    if (!isExported) steps.push('it exports no SSH socket');
    const exec = routes.length === 0 ? await containerExec(machine, uid) : undefined;
    if (exec) routes.push(exec);
    else if (routes.length === 0) throw error;
  } else {
    if (routes.length === 0 && error) throw error;
    if (routes.length === 0) routes.push(await routeByQemu(found, context));
  }
  // An address that cannot be used is no route: -v says why.
  for (const each of errors.slice(nspawn && !isExported ? 1 : 0)) steps.push(each.problem);
  return { steps, routes };
}

async function routeOfRecord(
  { vsockCid: cid }: Machine,
  address: string,
  context: ResolveContext,
): Promise<Route> {
  if (address !== `vsock/${cid}` || cid === undefined)
    return (await import('../routes.js')).addressRoute(address, context);
  return routeBy({ family: 'vsock', cid, port: context.port }, [`it has the vsock CID ${cid}`]);
}

// Before systemd 259, for one, a VM that registers itself by D-Bus cannot give its CID.
async function routeByQemu(found: MachinedMachine, context: ResolveContext): Promise<Route> {
  const { name, class: own, service } = found.machine;
  const { addressByQemu } = await import('../vmm/qemu.js');
  const address = await addressByQemu(found, context);
  if (address !== undefined) {
    const route = (await import('../routes.js')).addressRoute(address, context);
    return { ...route, steps: ['its QEMU shows its address', ...route.steps] };
  }
  const of = service === undefined ? '' : ` of ${service}`;
  throw new ConnectError('resolve', context.text, {
    code: 'NOT_FOUND',
    problem: `machine "${name}" (class ${own}${of}) has neither a vsock CID nor an SSH address`,
    hint: 'register it with a vSockCid or an sshAddress, or reach it by its socket: unix/PATH',
  });
}

/** The routes of those that have other ones than to their only address: containers that systemd-nspawn runs, and records with two addresses. */
export async function routesOfMachines(
  machines: readonly Machine[],
  deps: Deps,
  uid = process.getuid?.(),
): Promise<ReadonlyMap<Machine, readonly Route[]> | undefined> {
  const several = machines.filter((each) => isContainer(each) || addressesOf(each).length > 1);
  if (several.length === 0) return undefined;
  const [{ listExports }, { listedRoutes, routeTo }] = await Promise.all([
    import('./nspawn.js'),
    import('../routes.js'),
  ]);
  const { exports } = several.some(isContainer) ? await listExports(deps) : { exports: [] };
  const paths = new Map(exports.map(({ name, path }) => [name, path]));
  const routes = new Map<Machine, readonly Route[]>();
  for (const machine of several) {
    const path = isContainer(machine) ? paths.get(machine.name) : undefined;
    const exported = path === undefined ? [] : [routeTo(`unix${path}`)];
    const known = [...exported, ...addressesOf(machine).flatMap((address) => listedRoutes({ address }))];
    const exec = known.length > 0 ? undefined : await containerExec(machine, uid);
    routes.set(machine, exec ? [exec] : known);
  }
  return routes;
}

/** The exec of a container of the system: only root may start programs in it. */
async function containerExec({ name, scope }: Machine, uid: number | undefined): Promise<Route | undefined> {
  if (scope !== 'system' || uid !== 0) return undefined;
  return (await import('../tools/exec-route.js')).execRoute('nspawn', name);
}

/** Only systemd-vmspawn gives a machine a login user. */
async function usersOf(
  machines: readonly Machine[],
  deps: Deps,
): Promise<ReadonlyMap<Machine, string> | undefined> {
  if (machines.every(({ service }) => service !== vmspawn)) return undefined;
  return (await import('./vmspawn.js')).boundUsers(machines, deps);
}

/** Asks only machines that can answer, which most cannot. */
async function statusesOf(machines: readonly Machine[], deps: Deps): Promise<readonly Status[]> {
  if (machines.every(({ controlAddress }) => controlAddress === undefined))
    return machines.map(() => 'running');
  const [{ fewAtATime }, { statusOf }] = await Promise.all([
    import('../tools/few-at-a-time.js'),
    import('./vmspawn.js'),
  ]);
  return fewAtATime(machines, 8, (machine) => statusOf(machine, deps));
}

/** What a target has for the machine: its id, if no target can have such a name and it has one. */
function handleOf({ name, id = name }: Machine): string {
  return nameProblem(name) === undefined ? name : id;
}

/** The machines without those that an earlier scope has with the same name and id: those were registered twice. */
function distinctMachines(machines: readonly Machine[]): readonly Machine[] {
  const distinct = new Map<string, Machine>();
  for (const machine of machines) {
    const key = `${machine.name}/${machine.id}`;
    if (!distinct.has(key)) distinct.set(key, machine);
  }
  return [...distinct.values()];
}

// A scope without a machined is not a failure.
function toWarning({ code, problem }: ScopeFailure, where: string): Warning[] {
  return code === 'ENOENT' ? [] : [{ provider: machined.name, code, problem: `${where}: ${problem}` }];
}

// Only for a machine whose key machined knows: ssh then asks no other agent.
function agentOf(
  { scope, sshPrivateKeyPath }: Machine,
  agents: ReadonlyMap<Scope, string>,
): string | undefined {
  return sshPrivateKeyPath === undefined ? undefined : agents.get(scope);
}

// `handle`: the name, or the id if the name belongs to a machine of an earlier scope, or fits no target.
function fromMachined(
  machine: Machine,
  handle: string,
  status: Status,
  login: Pick<DiscoveredMachine, 'user' | 'identityAgent'>,
  routes?: readonly Route[],
): MachinedMachine {
  const { vsockCid: cid, id } = machine;
  const addresses = addressesOf(machine);
  // Each field written out: spreading is slow for many machines.
  return {
    name: machine.name,
    target: `machine/${handle}`,
    status,
    provider: machined.name,
    cid,
    uuid: id && withDashes(id),
    pid: machine.leader,
    address: addresses[0],
    routes,
    user: login.user,
    identityFile: machine.sshPrivateKeyPath,
    identityAgent: login.identityAgent,
    authority: machine.uid === undefined ? authorityIn(machine.scope) : authorityOf(machine.uid),
    machine,
  };
}
