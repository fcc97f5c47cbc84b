import { addressesOf, isContainer, type Machine } from '../discovery/machined/machine.js';
import { machined } from '../discovery/machined/provider.js';
import { ConnectError, quote } from '../errors.js';
import { resolveExport } from './container.js';
import { findBy, foundBy } from './found/found-by.js';
import type { Resolution, ResolveContext } from './resolution.js';
import { resolveSshAddress } from './ssh-address.js';

/** A machine of systemd-machined: by its exported socket, its CID, and the SSH address that it registered. */
export async function resolveMachine(
  name: string,
  context: ResolveContext,
  uid = process.getuid?.(),
): Promise<Resolution> {
  const search = await findBy(machined, name, context);
  context.signal?.throwIfAborted();
  if (search.outcome === 'unknown') (await import('./found/discovered.js')).refuseOffImage(name, context);
  const found = foundBy(search, name, context.text, {
    title: machined.title,
    hints: {
      unknown:
        'see machinectl list; use --wait while it boots; for a container without machined: container/NAME',
    },
  });
  const { machine } = found;
  if (found.status === 'paused') {
    const [{ whyOff }, { resumeCommand }] = await Promise.all([
      import('./found/discovered.js'),
      import('../discovery/machined/resume-command.js'),
    ]);
    const off = whyOff(found, resumeCommand(machine), context);
    if (off) throw new ConnectError('resolve', context.text, { code: 'NOT_FOUND', ...off });
  }
  const by = `systemd-machined (${machine.scope}) knows ${machine.class} ${quote(machine.name)}`;
  const { steps, ...reached } = await routesTo(machine, uid, context);
  return {
    ...reached,
    steps: [by, ...steps],
    ...(machine.sshPrivateKeyPath === undefined ? {} : { identityFile: machine.sshPrivateKeyPath }),
    ...(found.user === undefined ? {} : { user: found.user }),
    joined: async () => (await import('./found/other-routes.js')).joinedTo(found, context),
  };
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
      ...(await restBy(addresses, machine.name, context)),
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
    const [{ containerExec }, { listedRoute }] = await Promise.all([
      import('../discovery/machined/container-routes.js'),
      import('./found/other-routes.js'),
    ]);
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
  const rest = await restBy(others, machine.name, context);
  if (machine.vsockCid === undefined) return { ...resolveSshAddress(address, context), ...rest };
  const endpoint = { family: 'vsock', cid: machine.vsockCid, port: context.port } as const;
  return { endpoint, steps: [`it has the vsock CID ${endpoint.cid}`], ...rest };
}

async function restBy(
  addresses: readonly string[],
  name: string,
  context: ResolveContext,
): Promise<Pick<Resolution, 'others' | 'ip'>> {
  if (addresses.length === 0) return {};
  const [{ restOf }, { routeTo }] = await Promise.all([
    import('./found/other-routes.js'),
    import('../discovery/routes.js'),
  ]);
  return restOf(addresses.map(routeTo), name, context);
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
