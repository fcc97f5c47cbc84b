import { fewOf, groupBy } from '../../base/group-by.js';
import { foldOf, isLoopback } from '../../typed/names.js';
import { type Endpoint, formatEndpoint } from '../../typed/route.js';
import { addressOf, vhostCid } from '../routes.js';
import type { DiscoveredMachine, Warning } from '../source.js';
import { idOf } from '../trusted-path.js';

/** Without addresses that two machines claim, a socket, CID or port of this host: nobody can tell to which each leads. */
export function withoutContested<M extends DiscoveredMachine>(
  machines: readonly M[],
): {
  readonly machines: readonly M[];
  readonly warnings: readonly Warning[];
  /** Why a machine lost an address, by its target. */
  readonly lost: ReadonlyMap<string, Warning>;
} {
  const claims = machines.flatMap(claimsOf);
  const contested = [...groupBy(claims, ({ key }) => key).values()].filter(areOfTwo);
  if (contested.length === 0) return { machines, warnings: [], lost: new Map() };
  const taken = groupBy(contested.flat(), ({ machine }) => machine as DiscoveredMachine);
  const warnings = contested.map(warningOf);
  const lost = new Map(
    contested.flatMap((all, at) => all.map(({ machine }) => [machine.target, warnings[at] as Warning])),
  );
  return { machines: machines.map((machine) => without(machine, taken.get(machine))), warnings, lost };
}

interface Claim {
  readonly machine: DiscoveredMachine;
  /** The address in a form that is the same for each machine that claims it. */
  readonly key: string;
  /** The address, as messages name it. */
  readonly place: string;
  /** Undefined: the machine has the CID, and no route by that. */
  readonly endpoint?: Endpoint;
}

// Only a machine that may be up claims any. What another user or a container says takes nothing from this user's; a machine that
// is typed by its address has no name that could lead elsewhere.
function claimsOf(machine: DiscoveredMachine): readonly Claim[] {
  const { status, authority, via, target, routes: listed = [] } = machine;
  const isUp = status !== 'off' && status !== 'saved';
  if (!isUp || authority === 'other' || via !== undefined || target === addressOf(machine)) return [];
  const routes = listed.flatMap(({ endpoint }) => {
    const place = placeOf(endpoint);
    return place ? [{ ...place, machine, endpoint }] : [];
  });
  const cid = vhostCid(machine);
  return [...routes, ...(cid === undefined ? [] : [{ ...ofCid(cid), machine }])];
}

function placeOf(endpoint: Endpoint): Pick<Claim, 'key' | 'place'> | undefined {
  switch (endpoint.family) {
    case 'vsock':
      return ofCid(endpoint.cid);
    case 'unix':
    case 'vsock-mux':
      // At once: a promise for each of thousands of sockets takes as long as all else.
      return { key: `file ${idOf(endpoint.path) ?? endpoint.path}`, place: endpoint.path };
    case 'tcp':
      // Of addresses on a network each network may have its own.
      return isLoopback(endpoint.host)
        ? { key: formatEndpoint(endpoint), place: `port ${endpoint.port} of ${endpoint.host}` }
        : undefined;
    default:
      return undefined;
  }
}

function ofCid(cid: number): Pick<Claim, 'key' | 'place'> {
  return { key: `cid ${cid}`, place: `CID ${cid}` };
}

/** One machine that several sources list, and that nothing joins, has one name. */
function areOfTwo(claims: readonly Claim[]): boolean {
  const first = claims[0]?.machine;
  const isFirst = ({ target, provider, name }: DiscoveredMachine) =>
    target === first?.target || (provider !== first?.provider && foldOf(name) === foldOf(first?.name ?? ''));
  return !claims.every(({ machine }) => isFirst(machine));
}

function without<M extends DiscoveredMachine>(machine: M, lost: readonly Claim[] = []): M {
  if (lost.length === 0) return machine;
  const gone = new Set(lost.map(({ endpoint }) => endpoint && formatEndpoint(endpoint)));
  const isLeft = ({ endpoint }: { readonly endpoint: Endpoint }) => !gone.has(formatEndpoint(endpoint));
  const routes = machine.routes?.filter(isLeft) ?? [];
  const { cid } = machine;
  // The CID of a multiplexer without the socket is nobody's.
  const isNobodys = vhostCid(machine) === undefined && vhostCid({ cid, routes }) !== undefined;
  return { ...machine, routes, cid: isNobodys ? undefined : cid };
}

/** The number of targets that a warning names. */
const maxTargets = 5;

function warningOf(claims: readonly Claim[]): Warning {
  const who = fewOf([...new Set(claims.map(({ machine }) => machine.target))], maxTargets);
  const [first] = claims;
  const problem = `${first?.place} is claimed by ${who}: vmssh reaches none of them by it`;
  return { provider: first?.machine.provider ?? '', code: 'ADDRESS_TWICE', problem };
}
