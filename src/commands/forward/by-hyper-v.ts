import type { Addon } from 'node-hvsock-native';
import { CommandError } from '../../cli/command.js';
import { complain } from '../../cli/rows.js';
import { explainFailure } from '../../connect/failures/failures.js';
import type { Io } from '../../process/io.js';
import { isRegistered, type listServices } from '../../sources/hyper-v/services.js';
import { portOfServiceId, vmIds } from '../../typed/numbers.js';
import type { Endpoint } from '../../typed/route.js';
import { bound, type MachineListener, portListener } from './listener.js';

type HyperVEndpoint = Extract<Endpoint, { readonly family: 'hyper-v' }>;

/** A Hyper-V socket that is bound to the id of one machine, so that another one can have the same port. Says so if Windows does not know the port. Throws a CommandError. */
export async function byHyperV(
  endpoint: HyperVEndpoint,
  addon: Addon,
  io: Io,
  services?: typeof listServices,
): Promise<MachineListener> {
  const { vmId, serviceId } = endpoint;
  const port = portOfServiceId(serviceId) ?? 0;
  if (groups.includes(vmId))
    throw new CommandError('UNSUPPORTED', `${vmId} is not the id of a single machine`, 'vmssh list -i');
  const handle = bound(addon, endpoint, `vsock port ${port}`, (code) =>
    code === 'WSAEADDRINUSE' ? takenPort : explainFailure(endpoint, code, addon),
  );
  if ((await isRegistered(port, io, services)) === false)
    await complain(
      `Windows has no service of port ${port} under GuestCommunicationServices, so it may turn the machine away`,
      `in an elevated terminal: vmssh service register ${port}`,
      io,
    );
  // Windows lets only this machine connect; should it ever not, it is not served.
  return portListener(addon, { handle, port, family: 'hyper-v' }, async (peer) =>
    peer.vmId === vmId ? undefined : `${peer.vmId} is another machine`,
  );
}

/** Ids by which several machines, or this host itself, could connect. */
const groups: readonly string[] = Object.values(vmIds);

const takenPort = {
  problem: 'another program listens there for this machine',
  hint: 'name another port, or end that program',
};
