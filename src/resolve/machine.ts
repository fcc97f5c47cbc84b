import { addressesOf, isContainer } from '../discovery/machined/machine.js';
import { type MachinedMachine, machined } from '../discovery/machined/provider.js';
import { ConnectError, quote } from '../errors.js';
import type { Route } from '../route.js';
import { resolveExport } from './container.js';
import { machineOrThrow, refuseIfSilent, searchProvider } from './find-machine.js';
import type { Resolution, ResolveContext } from './resolution.js';
import { resolveSshAddress } from './ssh-address.js';

/** A machine of systemd-machined: by its exported socket, its CID, and the SSH address that it registered. */
export async function resolveMachine(
  name: string,
  context: ResolveContext,
  uid = process.getuid?.(),
): Promise<Resolution> {
  const search = await searchProvider(machined, name, context);
  context.signal?.throwIfAborted();
  if (search.outcome === 'unknown') (await import('./discovered.js')).refuseOffImage(name, context);
  const found = machineOrThrow(search, name, context.text, {
    title: machined.title,
    hints: {
      unknown:
        'see machinectl list; use --wait while it boots; for a container without machined: container/NAME',
    },
  });
  refuseIfSilent(found, name, context.text, search.outcome === 'found' ? search.warnings : []);
  const { machine } = found;
  if (found.status === 'paused') {
    const [{ whyOff }, { resumeCommand }] = await Promise.all([
      import('./discovered.js'),
      import('../discovery/start-command.js'),
    ]);
    const off = whyOff(found, resumeCommand(machine), context);
    if (off) throw new ConnectError('resolve', context.text, { code: 'NOT_FOUND', ...off });
  }
  const by = `systemd-machined (${machine.scope}) knows ${machine.class} ${quote(machine.name)}`;
  const { steps, ...reached } = await routesTo(found, uid, context);
  return {
    ...reached,
    machine: found,
    steps: [by, ...steps],
    ...(machine.sshPrivateKeyPath === undefined ? {} : { identityFile: machine.sshPrivateKeyPath }),
    ...(found.user === undefined ? {} : { user: found.user }),
    joined: async () => (await import('./discovered.js')).joinedTo(found, context),
  };
}

async function routesTo(
  found: MachinedMachine,
  uid: number | undefined,
  context: ResolveContext,
): Promise<Resolution> {
  const { machine } = found;
  const addresses = addressesOf(machine);
  if (!isContainer(machine)) return byAddresses(found, addresses, context);
  try {
    return withRest(await resolveExport(machine.name, context), addresses, context);
  } catch (error) {
    // An older systemd-nspawn exports nothing; the container's record may have another route.
    const isMissing = error instanceof ConnectError && error.code === 'NOT_FOUND';
    if (!isMissing) throw error;
    const none = 'it exports no SSH socket';
    if (addresses.length > 0) {
      const { steps, ...reached } = await byAddresses(found, addresses, context);
      return { ...reached, steps: [none, ...steps] };
    }
    const [{ containerExec }, { listedRoute }] = await Promise.all([
      import('../discovery/machined/container-routes.js'),
      import('./discovered.js'),
    ]);
    const exec = containerExec(machine, uid);
    if (!exec) throw error;
    const { endpoint, steps } = listedRoute(exec, machine.name, context);
    return { endpoint, steps: [none, ...steps] };
  }
}

async function byAddresses(
  found: MachinedMachine,
  [address, ...others]: readonly string[],
  context: ResolveContext,
): Promise<Resolution> {
  if (address === undefined) return byQemu(found, context);
  const { machine } = found;
  if (machine.vsockCid === undefined) return withRest(resolveSshAddress(address, context), others, context);
  const endpoint = { family: 'vsock', cid: machine.vsockCid, port: context.port } as const;
  return withRest({ endpoint, steps: [`it has the vsock CID ${endpoint.cid}`] }, others, context);
}

/** An address that cannot be used is no route: -v says why. */
function withRest(first: Resolution, addresses: readonly string[], context: ResolveContext): Resolution {
  const rest: Route[] = [];
  const steps = [...first.steps];
  for (const address of addresses)
    try {
      rest.push(resolveSshAddress(address, context));
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      steps.push(error.problem);
    }
  return { ...first, steps, ...(rest.length > 0 ? { rest } : {}) };
}

// Before systemd 259, for one, a VM that registers itself by D-Bus cannot give its CID.
async function byQemu(found: MachinedMachine, context: ResolveContext): Promise<Resolution> {
  const { machine } = found;
  const { service } = machine;
  const { addressByQemu } = await import('../discovery/vmm/qemu.js');
  const address = await addressByQemu(found, context);
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
