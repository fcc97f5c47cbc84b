import { withDashes } from '../../address/guid.js';
import { nameProblem } from '../../address/names.js';
import type { ListedRoute } from '../../route.js';
import type { Deps, DiscoveredMachine, Listing, Provider, Search, Status, Warning } from '../provider.js';
import { routeTo } from '../routes.js';
import { authorityIn, authorityOf, type Scope } from '../tools/scope.js';
import { addressesOf, isContainer, type Machine, vmspawn } from './machine.js';
import { listMachines, type ScopeFailure, searchMachined } from './machined.js';

/** A machine and its record, which determines the route to it. */
export interface MachinedMachine extends DiscoveredMachine {
  readonly machine: Machine;
}

/** The virtual machines and containers that systemd-machined knows. */
export const machined: Provider<MachinedMachine> = {
  name: 'machined',
  title: 'systemd-machined',
  platforms: ['linux'],
  programs: ['machinectl'],
  watched: () => ['/run/systemd/machines', '$XDG_RUNTIME_DIR/systemd/machines'],
  list,
  find,
};

async function list(deps: Deps): Promise<Listing<MachinedMachine>> {
  const { agentSockets } = await import('./ssh-agent.js');
  const [{ machines, failures }, agents] = await Promise.all([listMachines(deps), agentSockets(deps)]);
  const names = new Set<string>();
  const distinct = distinctMachines(machines);
  const [statuses, users, routes] = await Promise.all([
    statusesOf(distinct, deps),
    usersOf(distinct, deps),
    routesOf(distinct, deps),
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

/** Of containers: a virtual machine's follow from its record. */
async function routesOf(
  machines: readonly Machine[],
  deps: Deps,
): Promise<ReadonlyMap<Machine, readonly ListedRoute[]> | undefined> {
  if (!machines.some(isContainer)) return undefined;
  return (await import('./container-routes.js')).containerRoutes(machines, deps);
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
    import('../few-at-a-time.js'),
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
  routes?: readonly ListedRoute[],
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
    routes: routes ?? (addresses.length > 1 ? addresses.map(routeTo) : undefined),
    user: login.user,
    identityFile: machine.sshPrivateKeyPath,
    identityAgent: login.identityAgent,
    authority: machine.uid === undefined ? authorityIn(machine.scope) : authorityOf(machine.uid),
    machine,
  };
}
