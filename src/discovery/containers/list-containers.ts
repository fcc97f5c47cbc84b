import { nameProblem } from '../../address/machine-name.js';
import { countBy } from '../../group-by.js';
import { DiscoveryError } from '../discovery-error.js';
import { fewAtATime } from '../few-at-a-time.js';
import {
  type ContainerFacts,
  type Deps,
  type DiscoveredMachine,
  isFailure,
  type Listing,
  type Warning,
} from '../provider.js';
import { routeTo } from '../routes.js';
import { execRoute } from '../tools/exec-route.js';
import { type Container, exportSource, parseContainers, uuidOf } from './container.js';
import { exportSocket } from './export-socket.js';
import { canMean } from './find-container.js';

/** What answers for the containers of one Podman or Docker: its API or its command. */
export interface Source {
  /** The list, in the form of `parseContainers`. */
  readonly list: () => Promise<unknown>;
  /** The details of one. */
  readonly details: (id: string) => Promise<unknown>;
  /** As a container has it. */
  readonly url?: string | undefined;
}

/** A container as a machine. */
export interface DiscoveredContainer extends DiscoveredMachine {
  readonly container: ContainerFacts;
}

/** The containers of a source, with the sockets that those which run, and which are wanted, have for this host. Throws a DiscoveryError. */
export async function listContainers(
  provider: 'podman' | 'docker',
  source: Source,
  deps: Deps,
): Promise<Listing<DiscoveredContainer>> {
  const containers = parseContainers(await source.list());
  const warnings: Warning[] = [];
  const found = await fewAtATime(
    containers,
    atOnce,
    async (each) => {
      const socket = await socketOf(each, source, deps).catch((error) => {
        if (!(error instanceof DiscoveryError)) throw error;
        if (error.isGone) return gone;
        const problem = `container ${each.name}: ${error.message}`;
        // It is listed all the same, and so are the others.
        const code = isFailure(error) ? 'INCOMPLETE' : error.code;
        warnings.push({ provider, code, problem });
        return undefined;
      });
      return socket === gone ? [] : [toMachine(each, provider, source.url, socket)];
    },
    deps.signal,
  );
  return { found: found.flat(), warnings };
}

/** It was removed after it was listed. */
const gone = Symbol('gone');

/** How many are asked for their details at once. */
const atOnce = 4;

async function socketOf(container: Container, { details }: Source, deps: Deps): Promise<string | undefined> {
  const { id, exports, source, status } = container;
  if (!exports || status !== 'running') return undefined;
  if (deps.wanted !== undefined && !canMean(deps.wanted, container)) return undefined;
  const folder = source ?? exportSource(await details(id));
  return folder === undefined ? undefined : exportSocket(folder, deps);
}

function toMachine(
  { id, name, status, labels, address }: Container,
  provider: 'podman' | 'docker',
  url: string | undefined,
  socket: string | undefined,
): DiscoveredContainer {
  const exported = socket === undefined ? [] : [routeTo(`unix${socket}`)];
  const typed = /^\w[\w.-]*$/.test(name) ? name : id;
  const exec = status === 'running' ? execRoute(provider, typed, { url }) : undefined;
  const ip = status === 'running' && address !== undefined ? [routeTo(address)] : [];
  const routes = [...exported, ...(exec ? [exec] : []), ...ip];
  return {
    name,
    target: `${provider}/${name}`,
    status,
    provider,
    uuid: uuidOf(id),
    ...(socket === undefined ? {} : { address: `unix${socket}` }),
    ...(routes.length === 0 ? {} : { routes }),
    container: { id, labels, ...(url === undefined ? {} : { url }) },
  };
}

/** The same, with the UUID in the target of each whose name is another's too, or fits no target. `others`: names that are taken. */
export function withOwnTargets(
  found: readonly DiscoveredContainer[],
  others: readonly string[] = [],
): readonly DiscoveredContainer[] {
  const named = countBy(found, ({ name }) => name);
  return found.map((each) => {
    const { name, provider, uuid } = each;
    const isOwn = named.get(name) === 1 && !others.includes(name) && nameProblem(name) === undefined;
    return isOwn ? each : { ...each, target: `${provider}/${uuid}` };
  });
}
