import type { ListedRoute } from '../../route.js';
import type { Deps } from '../provider.js';
import { routeTo } from '../routes.js';
import { execRoute } from '../tools/exec-route.js';
import { addressesOf, isContainer, type Machine } from './machine.js';
import { listExports } from './nspawn.js';

/** The routes of the containers that systemd-nspawn runs: the socket that each exports, its addresses, or else an exec. */
export async function containerRoutes(
  machines: readonly Machine[],
  deps: Deps,
  uid = process.getuid?.(),
): Promise<ReadonlyMap<Machine, readonly ListedRoute[]>> {
  const containers = machines.filter(isContainer);
  const { exports } = await listExports(deps);
  const paths = new Map(exports.map(({ name, path }) => [name, path]));
  return new Map(
    containers.map((machine) => {
      const path = paths.get(machine.name);
      const exported = path === undefined ? [] : [routeTo(`unix${path}`)];
      const known = [...exported, ...addressesOf(machine).map(routeTo)];
      const exec = known.length > 0 ? undefined : containerExec(machine, uid);
      return [machine, exec ? [exec] : known];
    }),
  );
}

/** The exec of a container of the system: only root may start programs in it. */
export function containerExec({ name, scope }: Machine, uid: number | undefined): ListedRoute | undefined {
  return scope === 'system' && uid === 0 ? execRoute('nspawn', name) : undefined;
}
