import { createHash } from 'node:crypto';

/**
 * IANA has assigned none of these to a service. They are below the ports that Linux (32768) and Windows (49152) hand out by themselves,
 * and below Kubernetes' node ports (30000). https://www.iana.org/assignments/service-names-port-numbers
 */
export const loopbackRange = { first: 29_170, last: 29_998 } as const;

const size = loopbackRange.last - loopbackRange.first + 1;

/** The port of each machine, by its name in known_hosts. */
export type LoopbackPorts = ReadonlyMap<string, number>;

export interface PortChoice {
  /** Those of earlier runs, which stay, also of machines that are gone. */
  readonly known: LoopbackPorts;
  /** Whether nobody listens there. */
  readonly isFree: (port: number) => boolean;
  /** Makes the ports of two users of one host differ. */
  readonly seed: string;
}

/**
 * The ports of these machines, and the others that are known. A new one comes from a hash of the name, so that it is the same again if
 * nothing is known; ports that are taken are passed over. If none is left, a machine that is gone loses its own. One may get none.
 */
export function chooseLoopbackPorts(
  names: readonly string[],
  { known, isFree, seed }: PortChoice,
): LoopbackPorts {
  const ports = new Map([...known].filter(([, port], i, all) => all.findIndex(([, p]) => p === port) === i));
  const taken = new Set(ports.values());
  const asked = new Set(names);
  for (const name of asked) {
    if (ports.has(name)) continue;
    const start = createHash('sha256').update(`${seed}\0${name}`).digest().readUInt32BE(0) % size;
    const inOrder = Array.from({ length: size }, (_, i) => loopbackRange.first + ((start + i) % size));
    const port = inOrder.find((each) => !taken.has(each) && isFree(each)) ?? leftBy(asked, ports);
    if (port === undefined) continue;
    ports.set(name, port);
    taken.add(port);
  }
  return ports;
}

/** Takes the port of a machine that is gone. */
function leftBy(asked: ReadonlySet<string>, ports: Map<string, number>): number | undefined {
  for (const [name, port] of ports) {
    if (asked.has(name)) continue;
    ports.delete(name);
    return port;
  }
  return undefined;
}

/** Whether a number can be a machine's loopback port. */
export function isLoopbackPort(port: unknown): port is number {
  return Number.isInteger(port) && Number(port) >= loopbackRange.first && Number(port) <= loopbackRange.last;
}
