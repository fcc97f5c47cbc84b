import { fewAtATime } from '../../base/group-by.js';
import type { Connection, OpenOptions } from '../../connect/connection.js';
import { openConnection } from '../../connect/open.js';
import { vhostCid } from '../../sources/routes.js';
import type { DiscoveredMachine } from '../../sources/source.js';
import { machineCid, sshPort } from '../../typed/numbers.js';
import type { Endpoint } from '../../typed/route.js';
import { finding, type HostCheck, said } from './finding.js';

/** A running machine with a vsock of this kernel: any local user may connect to it. */
export interface ExposedMachine {
  readonly name: string;
  readonly cid: number;
  /** Whether something listens on its port 22. */
  readonly answers: boolean;
}

type Open = (endpoint: Endpoint, options: OpenOptions) => Promise<Connection>;

/** For one machine. Milliseconds. */
const timeoutMs = 2000;

/** Tries port 22 of each listed machine that the kernel's own vsock reaches, several at a time. */
export async function exposedMachines(
  machines: readonly DiscoveredMachine[],
  signal: AbortSignal,
  open: Open = openConnection,
): Promise<readonly ExposedMachine[]> {
  const byCid = new Map<number, string>();
  for (const machine of machines) {
    // A multiplexer's socket has an owner and a mode, which decide who may use it.
    const cid = machineCid(vhostCid(machine));
    if (machine.status === 'running' && cid !== undefined) byCid.set(cid, machine.name);
  }
  const ask = async ([cid, name]: [number, string]) => ({ name, cid, answers: await answers(cid) });
  return fewAtATime([...byCid], 16, ask, signal);

  async function answers(cid: number): Promise<boolean> {
    try {
      const endpoint = { family: 'vsock', cid, port: sshPort } as const;
      const connection = await open(endpoint, { timeoutMs, signal });
      connection.close();
      return true;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }
}

export function exposedChecks(exposed: readonly ExposedMachine[]): readonly HostCheck[] {
  if (exposed.length === 0) return [];
  const open = exposed.filter(({ answers }) => answers);
  const name = 'exposed';
  if (open.length === 0) return [finding(name, 'none', 'no machine listens on its vsock port 22')];
  const names = open.map((machine) => `${machine.name} (vsock/${machine.cid})`).join(', ');
  const what = said`${open.length} with an open vsock port 22: ${names}; every local user and service of this host can connect, and only sshd there decides who gets in`;
  return [finding(name, 'none', what, `where that is not wanted: vmssh guest off vsock/${open[0]?.cid}`)];
}
