import { existsSync } from 'node:fs';
import { ConnectError, quote } from '../../base/errors.js';
import { nameProblem } from '../../typed/names.js';
import { withDashes } from '../../typed/numbers.js';
import { type Route, routeBy } from '../../typed/route.js';
import { shellLine } from '../../typed/shell.js';
import type {
  Deps,
  DiscoveredMachine,
  Listing,
  Reachable,
  ResolveContext,
  Search,
  Source,
  Status,
} from '../source.js';
import { authorityIn, authorityOf } from '../trusted-path.js';
import { addressesOf, isContainer, listMachines, type Machine, searchMachined, vmspawn } from './machined.js';

export interface MachinedMachine extends DiscoveredMachine {
  readonly machine: Machine;
}

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
  find: (name, deps) => findMachined(name, deps),
  start: async ({ machine, status }) => {
    const { resumeCommand, startImage } = await import('../start-command.js');
    return status === 'paused' ? resumeCommand(machine) : startImage(machine.name);
  },
  resolve: (machine, context) => resolveMachined(machine, context),
  files: async (...asked) => (await import('./nspawn-files.js')).nspawnFiles(...asked),
};

async function list(deps: Deps): Promise<Listing<MachinedMachine>> {
  const { machines, warnings } = await listMachines(deps);
  const names = new Set<string>();
  const distinct = distinctMachines(machines);
  const [statuses, users, routes] = await Promise.all([
    statusesOf(distinct, deps),
    usersOf(distinct, deps),
    routesOfMachines(distinct, deps),
  ]);
  const shown = distinct.flatMap((machine, i) => {
    const handle = names.has(machine.name) ? machine.id : handleOf(machine);
    names.add(machine.name);
    // Without either there is nothing to type.
    if (handle === undefined) return [];
    return [fromMachined(machine, handle, statuses[i] ?? 'running', users?.get(machine), routes[i])];
  });
  return { found: shown, warnings };
}

export async function findMachined(
  name: string,
  deps: Deps,
  uid = process.getuid?.(),
): Promise<Search<MachinedMachine>> {
  const search = await searchMachined(name, deps);
  const { warnings } = search;
  // If nobody listens, machined starts with the first machine.
  const isDown = search.outcome === 'unavailable' && warnings.every(({ code }) => code === 'ECONNREFUSED');
  if (search.outcome === 'unknown' || isDown) {
    const known = search.outcome === 'unknown' ? search.known : [];
    return (await offImage(name, deps, uid, { known, warnings })) ?? search;
  }
  if (search.outcome !== 'found') return search;
  const { machine } = search;
  const asked = [statusesOf([machine], deps), usersOf([machine], deps)] as const;
  const [[status = 'running'], users] = await Promise.all(asked);
  const row = fromMachined(machine, handleOf(machine), status, users?.get(machine));
  return { outcome: 'found', machine: row, warnings };
}

type Answered = Pick<Extract<Search, { outcome: 'unknown' }>, 'known' | 'warnings'>;

/** A container that no machined knows while it is off: its image is there, which only root sees. */
async function offImage(
  name: string,
  { exists = existsSync, runDir = '/run' }: Deps,
  uid: number | undefined,
  asked: Answered,
): Promise<Search<MachinedMachine> | undefined> {
  const { hasImage, imageFolder, startImage } = await import('../start-command.js');
  // The container runs, and its machined is gone or older than 257.
  if (exists(`${runDir}/systemd/machines/${name}`)) return undefined;
  if (hasImage(name, exists)) {
    const machine = fromMachined({ name, class: 'container', scope: 'system' }, name, 'off', undefined);
    return { outcome: 'found', machine, warnings: asked.warnings };
  }
  if (uid === 0 || !exists(imageFolder)) return undefined;
  return {
    outcome: 'unknown',
    ...asked,
    missing: `systemd-machined has no running machine ${quote(name)}, and only root sees one that is off`,
    hint: `to start it: sudo ${shellLine(startImage(name).command)}`,
  };
}

/** The routes to a machine: the socket that a container exports, its record's CID and address; without those what its QEMU or root has. */
export async function resolveMachined(
  found: MachinedMachine,
  context: ResolveContext,
  uid = process.getuid?.(),
): Promise<Partial<Reachable>> {
  const { machine } = found;
  const nspawn = isContainer(machine) ? await import('./nspawn.js') : undefined;
  const finds: (() => Promise<Route>)[] = addressesOf(machine).map(
    (address) => () => routeOfRecord(machine, address, context),
  );
  if (nspawn) finds.unshift(() => nspawn.exportOf(machine.name, context));
  const known: Route[] = [];
  const errors: ConnectError[] = [];
  for (const find of finds)
    try {
      known.push(await find());
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      errors.push(error);
    }
  const routes = await orByExec(machine, known, uid);
  const [error] = errors;
  if (routes.length === 0 && error) throw error;
  const steps = [`systemd-machined (${machine.scope}) knows ${machine.class} ${quote(machine.name)}`];
  // What cannot be used is no route: -v says why.
  steps.push(...errors.map(({ problem }) => problem));
  return { steps, routes: routes.length > 0 ? routes : [await routeOfQemu(found, context)] };
}

/** The known routes; without any, for root the manager's exec. */
async function orByExec(
  machine: Machine,
  known: readonly Route[],
  uid: number | undefined,
): Promise<readonly Route[]> {
  if (known.length > 0 || !isContainer(machine) || machine.scope !== 'system' || uid !== 0) return known;
  const [{ nspawnExec }, { execRoutes }] = await Promise.all([
    import('./nspawn-files.js'),
    import('../tools/exec-route.js'),
  ]);
  return execRoutes(nspawnExec(machine.name), machine.name);
}

async function routeOfRecord({ vsockCid: cid }: Machine, address: string, context: ResolveContext) {
  if (address !== `vsock/${cid}` || cid === undefined)
    return (await import('../routes.js')).addressRoute(address, context);
  return routeBy({ family: 'vsock', cid, port: context.port }, [`it has the vsock CID ${cid}`]);
}

// Before systemd 259, for one, a VM that registers itself by D-Bus cannot give its CID.
async function routeOfQemu(machine: MachinedMachine, context: ResolveContext): Promise<Route> {
  const { name, class: own, service } = machine.machine;
  const route = await (await import('../vmm/qemu.js')).routeByQemu(machine, context);
  if (route) return { ...route, steps: ['its QEMU shows its address', ...route.steps] };
  const of = service === undefined ? '' : ` of ${service}`;
  throw new ConnectError('resolve', context.text, {
    code: 'NOT_FOUND',
    problem: `machine "${name}" (class ${own}${of}) has neither a vsock CID nor an SSH address`,
    hint: 'register it with a vSockCid or an sshAddress, or reach it by its socket: unix/PATH',
  });
}

export async function routesOfMachines(
  machines: readonly Machine[],
  deps: Deps,
  uid = process.getuid?.(),
): Promise<readonly (readonly Route[])[]> {
  const { routesTo } = await import('../routes.js');
  const nspawn = machines.some(isContainer) ? await import('./nspawn.js') : undefined;
  const { found: exports = [] } = (await nspawn?.listExports(deps)) ?? {};
  const exported = new Map(exports.map(({ name, routes }) => [name, routes]));
  return Promise.all(
    machines.map((machine) => {
      const own = (isContainer(machine) && exported.get(machine.name)) || [];
      return orByExec(machine, [...own, ...routesTo(addressesOf(machine))], uid);
    }),
  );
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
    import('../../base/group-by.js'),
    import('./vmspawn.js'),
  ]);
  return fewAtATime(machines, 8, (machine) => statusOf(machine, deps));
}

/** What stands for the machine in a target: its name, or its id if no target can have that name. */
function handleOf({ name, id = name }: Machine): string {
  return nameProblem(name) === undefined ? name : id;
}

/** The machines without those that an earlier scope has with the same name and id: those were registered twice. */
function distinctMachines(machines: readonly Machine[]): readonly Machine[] {
  const seen = new Set<string>();
  return machines.filter(({ name, id }) => !seen.has(`${name}/${id}`) && seen.add(`${name}/${id}`));
}

// `handle`: the name, or the id if the name belongs to a machine of an earlier scope, or fits no target.
function fromMachined(
  machine: Machine,
  handle: string,
  status: Status,
  user: string | undefined,
  routes?: readonly Route[],
): MachinedMachine {
  const { vsockCid: cid, id } = machine;
  // Each field written out: spreading is slow for many machines.
  return {
    name: machine.name,
    target: `machine/${handle}`,
    status,
    provider: machined.name,
    cid,
    uuid: id && withDashes(id),
    pid: machine.leader,
    routes,
    user,
    identityFile: machine.sshPrivateKeyPath,
    authority: machine.uid === undefined ? authorityIn(machine.scope) : authorityOf(machine.uid),
    machine,
  };
}
