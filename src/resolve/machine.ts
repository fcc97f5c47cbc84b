import { findBy } from '../discovery/find-by.js';
import { machined } from '../discovery/machined/provider.js';
import { type Route, routeTo } from '../discovery/machined/reach.js';
import { ConnectError, quote } from '../errors.js';
import { resolveContainer } from './container.js';
import { foundBy } from './found-by.js';
import type { Resolution, ResolveContext } from './resolution.js';
import { resolveSshAddress } from './ssh-address.js';

/** A machine of systemd-machined: its exported socket, its CID, or the SSH address that it registered. */
export async function resolveMachine(name: string, context: ResolveContext): Promise<Resolution> {
  const search = await findBy(machined, name, context);
  context.signal?.throwIfAborted();
  const { machine } = foundBy(search, name, context.text, {
    title: machined.title,
    hints: {
      ambiguous: 'type the name in its own case, or the machine id',
      unknown:
        'see machinectl list; a machine that boots: --wait; a container without machined: container/NAME',
    },
  });
  const by = `systemd-machined (${machine.scope}) knows ${machine.class} ${quote(machine.name)}`;
  const { endpoint, steps } = await follow(routeTo(machine, context.port), context);
  return {
    endpoint,
    steps: [by, ...steps],
    ...(machine.sshPrivateKeyPath === undefined ? {} : { identityFile: machine.sshPrivateKeyPath }),
  };
}

async function follow(route: Route, context: ResolveContext): Promise<Resolution> {
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
async function followExport(name: string, otherwise: Route, context: ResolveContext): Promise<Resolution> {
  try {
    return await resolveContainer(name, context);
  } catch (error) {
    const isMissing = error instanceof ConnectError && error.code === 'NOT_FOUND';
    if (!isMissing || otherwise.via === 'none') throw error;
    const { steps, ...found } = await follow(otherwise, context);
    return { ...found, steps: ['it exports no SSH socket', ...steps] };
  }
}
