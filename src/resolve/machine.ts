import { containerExec } from '../discovery/machined/container-routes.js';
import { addressesOf, isContainer, type Machine } from '../discovery/machined/machine.js';
import { machined } from '../discovery/machined/provider.js';
import { routeTo } from '../discovery/routes.js';
import { operand } from '../discovery/start-command.js';
import { ConnectError, quote, type StartCommand } from '../errors.js';
import { resolveExport } from './container.js';
import { findBy, foundBy } from './found-by.js';
import type { Resolution, ResolveContext } from './resolution.js';
import { joinedTo, listedRoute, resolveSshAddress, restOf } from './ssh-address.js';

/** A machine of systemd-machined: by its exported socket, its CID, and the SSH address that it registered. */
export async function resolveMachine(
  name: string,
  context: ResolveContext,
  uid = process.getuid?.(),
): Promise<Resolution> {
  const search = await findBy(machined, name, context);
  context.signal?.throwIfAborted();
  if (search.outcome === 'unknown') (await import('./found.js')).refuseOffImage(name, context);
  const found = foundBy(search, name, context.text, {
    title: machined.title,
    hints: {
      unknown:
        'see machinectl list; use --wait while it boots; for a container without machined: container/NAME',
    },
  });
  const { machine } = found;
  if (found.status === 'paused') {
    const { whyOff } = await import('./found.js');
    const off = whyOff(found, resumed(machine), context);
    if (off) throw new ConnectError('resolve', context.text, { code: 'NOT_FOUND', ...off });
  }
  const by = `systemd-machined (${machine.scope}) knows ${machine.class} ${quote(machine.name)}`;
  const { steps, ...reached } = await routesTo(machine, uid, context);
  return {
    ...reached,
    steps: [by, ...steps],
    ...(machine.sshPrivateKeyPath === undefined ? {} : { identityFile: machine.sshPrivateKeyPath }),
    ...(found.user === undefined ? {} : { user: found.user }),
    joined: () => joinedTo(found, context),
  };
}

/** How one that is paused goes on. */
function resumed({ name, scope }: Machine): StartCommand {
  const user = scope === 'user' ? ['--user'] : [];
  return { machine: name, command: ['machinectl', ...user, 'resume', ...operand(name)] };
}

async function routesTo(
  machine: Machine,
  uid: number | undefined,
  context: ResolveContext,
): Promise<Resolution> {
  const addresses = addressesOf(machine);
  if (!isContainer(machine)) return byAddresses(machine, addresses, context);
  try {
    return {
      ...(await resolveExport(machine.name, context)),
      ...restOf(addresses.map(routeTo), machine.name, context),
    };
  } catch (error) {
    // An older systemd-nspawn exports nothing; the container's record may have another route.
    const isMissing = error instanceof ConnectError && error.code === 'NOT_FOUND';
    if (!isMissing) throw error;
    const none = 'it exports no SSH socket';
    if (addresses.length > 0) {
      const { steps, ...found } = await byAddresses(machine, addresses, context);
      return { ...found, steps: [none, ...steps] };
    }
    const exec = containerExec(machine, uid);
    if (!exec) throw error;
    const { endpoint, steps } = listedRoute(exec, machine.name, context);
    return { endpoint, steps: [none, ...steps] };
  }
}

async function byAddresses(
  machine: Machine,
  [address, ...others]: readonly string[],
  context: ResolveContext,
): Promise<Resolution> {
  if (address === undefined) return byQemu(machine, context);
  const rest = others.length === 0 ? {} : restOf(others.map(routeTo), machine.name, context);
  if (machine.vsockCid === undefined) return { ...resolveSshAddress(address, context), ...rest };
  const endpoint = { family: 'vsock', cid: machine.vsockCid, port: context.port } as const;
  return { endpoint, steps: [`it has the vsock CID ${endpoint.cid}`], ...rest };
}

// Before systemd 259, for one, a VM that registers itself by D-Bus cannot give its CID.
async function byQemu(machine: Machine, context: ResolveContext): Promise<Resolution> {
  const { leader: pid, service } = machine;
  const { addressByQemu } = await import('./qemu-process.js');
  const address = pid === undefined ? undefined : await addressByQemu({ pid }, context);
  if (address !== undefined) {
    const { endpoint, steps } = resolveSshAddress(address, context);
    return { endpoint, steps: ['its QEMU shows its address', ...steps] };
  }
  const of = service === undefined ? '' : ` of ${service}`;
  throw new ConnectError('resolve', context.text, {
    code: 'NOT_FOUND',
    problem: `machine "${machine.name}" (class ${machine.class}${of}) has neither a vsock CID nor an SSH address`,
    hint: 'register it with a vSockCid or an sshAddress, or reach it by its socket: unix/PATH',
  });
}
