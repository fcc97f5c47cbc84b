import type { Machine } from '../discovery/machined/machine.js';
import { machined } from '../discovery/machined/provider.js';
import type { Endpoint } from '../endpoint.js';
import { ConnectError, quote } from '../errors.js';
import { resolveContainer } from './container.js';
import { findOne } from './found-by.js';
import type { Resolution, ResolveContext } from './resolution.js';
import { resolveSshAddress } from './ssh-address.js';

/** A machine of systemd-machined: its exported socket, its CID, or the SSH address that it registered. */
export async function resolveMachine(name: string, context: ResolveContext): Promise<Resolution> {
  const { machine } = await findOne(machined, name, context, {
    hints: {
      unknown:
        'see machinectl list; use --wait while it boots; for a container without machined: container/NAME',
    },
  });
  const by = `systemd-machined (${machine.scope}) knows ${machine.class} ${quote(machine.name)}`;
  const route = machineRoute(machine, context.port);
  const { endpoint, steps } = await follow(await orByQemu(route, machine, context), context);
  return {
    endpoint,
    steps: [by, ...(route.via === 'none' ? ['its QEMU shows its address'] : []), ...steps],
    ...(machine.sshPrivateKeyPath === undefined ? {} : { identityFile: machine.sshPrivateKeyPath }),
  };
}

// Before systemd 259, for one, a VM that registers itself by D-Bus cannot give its CID.
async function orByQemu(
  route: MachineRoute,
  { leader: pid }: Machine,
  context: ResolveContext,
): Promise<MachineRoute> {
  if (route.via !== 'none' || pid === undefined) return route;
  const { addressByQemu } = await import('./qemu-process.js');
  const address = await addressByQemu({ pid }, context);
  return address === undefined ? route : { via: 'sshAddress', address };
}

async function follow(route: MachineRoute, context: ResolveContext): Promise<Resolution> {
  switch (route.via) {
    case 'vsock':
      return { endpoint: route.endpoint, steps: [`it has the vsock CID ${route.endpoint.cid}`] };
    case 'export':
      return followExport(route.name, route.otherwise, context);
    case 'sshAddress':
      return resolveSshAddress(route.address, context);
    case 'none':
      throw new ConnectError('resolve', context.text, {
        code: 'NOT_FOUND',
        problem: route.reason,
        hint: 'register it with a vSockCid or an sshAddress, or reach it by its socket: unix/PATH',
      });
  }
}

// An older systemd-nspawn exports nothing; the container's record may have another route.
async function followExport(
  name: string,
  otherwise: MachineRoute,
  context: ResolveContext,
): Promise<Resolution> {
  try {
    return await resolveContainer(name, context);
  } catch (error) {
    const isMissing = error instanceof ConnectError && error.code === 'NOT_FOUND';
    if (!isMissing || otherwise.via === 'none') throw error;
    const { steps, ...found } = await follow(otherwise, context);
    return { ...found, steps: ['it exports no SSH socket', ...steps] };
  }
}

/** The route to a machine's SSH server, from its record. */
export type MachineRoute =
  /** By the socket that the container `name` exports, which `findExport` finds; if it exports none, `otherwise`. */
  | { readonly via: 'export'; readonly name: string; readonly otherwise: MachineRoute }
  | { readonly via: 'vsock'; readonly endpoint: Extract<Endpoint, { family: 'vsock' }> }
  /** By the registered text: "vsock/42", "unix/run/x", "192.0.2.1", "[::1]:2222", "host:port". */
  | { readonly via: 'sshAddress'; readonly address: string }
  | { readonly via: 'none'; readonly reason: string };

/** How to reach `port` of a machine; an nspawn container has one server, whatever the port. */
export function machineRoute(machine: Machine, port: number): MachineRoute {
  const route = routeByRecord(machine, port);
  const exports = machine.class === 'container' && machine.service === 'systemd-nspawn';
  return exports ? { via: 'export', name: machine.name, otherwise: route } : route;
}

function routeByRecord(machine: Machine, port: number): MachineRoute {
  if (machine.vsockCid !== undefined) {
    return { via: 'vsock', endpoint: { family: 'vsock', cid: machine.vsockCid, port } };
  }
  if (machine.sshAddress !== undefined) return { via: 'sshAddress', address: machine.sshAddress };
  const service = machine.service === undefined ? '' : ` of ${machine.service}`;
  const reason = `machine "${machine.name}" (class ${machine.class}${service}) has neither a vsock CID nor an SSH address`;
  return { via: 'none', reason };
}
