import { isIP } from 'node:net';
import { withDashes } from '../../address/guid.js';
import { hasControlCharacter } from '../../address/names.js';
import { DiscoveryError } from '../discovery-error.js';
import type { Status } from '../provider.js';
import { isJsonObject, type JsonObject } from '../tools/json.js';
import { textOf } from '../tools/json-tool.js';

/** A container as its manager lists it. */
export interface Container {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly status: Status;
  readonly labels: Readonly<Record<string, string>>;
  /** What its manager says of restarts, "it ended and was restarted 12 times"; undefined: nothing. */
  readonly restarts?: string | undefined;
  /** Whether a folder of the host is mounted where systemd of the container, or anybody in it, leaves sockets for the host. */
  readonly exports: boolean;
  /** That folder; Podman's list does not have it. */
  readonly source?: string | undefined;
  /** Its IP address on a network of this host; Podman's list does not have it. */
  readonly address?: string | undefined;
}

/** Its UUID, as Podman gives it to a container's systemd for its machine id. */
export function uuidOf(id: Container['id']): string {
  return withDashes(id.slice(0, 32));
}

/** Where a container leaves sockets for its host (https://systemd.io/CONTAINER_INTERFACE/). */
const exportFolder = '/run/host/unix-export';

/**
 * Reads the list of containers of Docker's API, of Podman's, and of `podman ps --format json`: without the containers that
 * only hold a pod. Throws a DiscoveryError PROTOCOL.
 */
export function parseContainers(answer: unknown): readonly Container[] {
  if (!Array.isArray(answer)) throw new DiscoveryError('PROTOCOL', 'the answer is no list of containers');
  return answer.filter(isJsonObject).flatMap((each): Container[] => {
    const id = textOf(each, 'Id');
    const [first] = Array.isArray(each.Names) ? each.Names : [];
    // The id becomes an argument of the manager's command.
    if (id === undefined || !/^[0-9a-f]{64}$/.test(id) || each.IsInfra === true) return [];
    // Docker has a slash before each name.
    const name = typeof first === 'string' ? first.replace(/^\//, '') : '';
    const status = states.get(textOf(each, 'State') ?? '') ?? 'unknown';
    const labels = labelsOf(each);
    const restarts = restartsOf(each);
    const address = addressOf(each.NetworkSettings);
    return [{ id, name: name || id.slice(0, 12), status, labels, address, restarts, ...exportOf(each) }];
  });
}

/** Podman counts them, Docker has a state while it waits before the next one. */
function restartsOf({ Restarts: count, State: state }: JsonObject): string | undefined {
  if (typeof count === 'number' && count > 0)
    return `it ended and was restarted ${count === 1 ? 'once' : `${count} times`}`;
  return state === 'restarting' ? 'it ended, and its manager restarts it' : undefined;
}

/** The host's folder that a container's details name as the one for sockets. */
export function exportSource(details: unknown): string | undefined {
  return isJsonObject(details) ? exportOf(details).source : undefined;
}

/** Podman lists the path in the container only. */
function exportOf({ Mounts: mounts }: JsonObject): Pick<Container, 'exports' | 'source'> {
  const all: readonly unknown[] = Array.isArray(mounts) ? mounts : [];
  const mount = all.find((each) => (isJsonObject(each) ? each.Destination : each) === exportFolder);
  const source = isJsonObject(mount) ? textOf(mount, 'Source') : undefined;
  // No target can have a control character: its other routes are left.
  const isUsable = source?.startsWith('/') && !hasControlCharacter(source);
  return { exports: mount !== undefined, source: isUsable ? source : undefined };
}

/** The first one, IPv4 before IPv6. */
function addressOf(settings: unknown): string | undefined {
  const { Networks: all } = isJsonObject(settings) ? settings : {};
  const networks = isJsonObject(all) ? Object.values(all).filter(isJsonObject) : [];
  const addresses = ['IPAddress', 'GlobalIPv6Address'].flatMap((key) =>
    networks.map((each) => textOf(each, key)),
  );
  return addresses.find((each) => each !== undefined && isIP(each) !== 0);
}

function labelsOf({ Labels: labels }: JsonObject): Container['labels'] {
  const all = isJsonObject(labels) ? Object.entries(labels) : [];
  const kept = all.filter(
    (each): each is [string, string] =>
      typeof each[1] === 'string' && each[0].length <= mostOfKey && each[1].length <= mostOfValue,
  );
  return Object.fromEntries(kept.slice(0, mostLabels));
}

/** More than any program sets: devcontainers have a value of some kilobytes. */
const mostLabels = 100;
const mostOfKey = 256;
const mostOfValue = 4096;

const states: ReadonlyMap<string, Status> = new Map([
  ['running', 'running'],
  ['restarting', 'starting'],
  ['paused', 'paused'],
  ['stopping', 'stopping'],
  ['removing', 'stopping'],
  ...['configured', 'created', 'initialized', 'exited', 'stopped', 'dead'].map(
    (state) => [state, 'off'] as const,
  ),
]);
