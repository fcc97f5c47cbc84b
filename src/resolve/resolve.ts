import { existsSync } from 'node:fs';
import { ConnectError } from '../errors.js';
import type { Target } from '../target/target.js';
import type { resolveElsewhere } from './elsewhere.js';
import type { Resolution, ResolveContext } from './resolution.js';
import { resolveSocket } from './socket.js';

/** `exists` is the file system's own where it is absent. */
export type ResolveOptions = Omit<ResolveContext, 'exists'> & Partial<Pick<ResolveContext, 'exists'>>;

/** Finds the endpoint that a target means on this host. Throws a ConnectError of op resolve. */
export async function resolve(target: Target, options: ResolveOptions): Promise<Resolution> {
  const context: ResolveContext = { exists: existsSync, ...options };
  const { text } = options;
  switch (target.kind) {
    case 'vsock':
      if (context.platform === 'win32') throw new ConnectError('resolve', text, noVsock);
      return resolveSocket(target, context);
    case 'unix':
    case 'vsock-mux':
      return resolveSocket(target, context);
    case 'machine':
      return (await import('./machine.js')).resolveMachine(target.name, await asking(context));
    case 'container':
      return (await import('./container.js')).resolveContainer(target.name, await asking(context));
    case 'hvsock':
      return {
        endpoint: { family: 'hyper-v', vmId: target.vmId, serviceId: target.serviceId },
        steps: [],
      };
    case 'libvirt':
      return (await import('./libvirt.js')).resolveLibvirt(target, await asking(context));
    case 'listed':
      return (await import('./listed.js')).resolveListed(target, await asking(context));
    case 'hyper-v':
      if (context.platform === 'win32') return (await import('./hyper-v.js')).resolveHyperV(target, context);
      throw await elsewhere(target, context);
    case 'wsl':
      if (context.platform === 'win32') return (await import('./wsl.js')).resolveWsl(target.distro, context);
      throw await elsewhere(target, context);
  }
}

/** The context for who asks services and tools of this host. */
async function asking(context: ResolveContext): Promise<ResolveContext> {
  const { ownEnv } = await import('../discovery/own-env.js');
  return { ...context, env: ownEnv(context.env) };
}

async function elsewhere(
  target: Parameters<typeof resolveElsewhere>[0],
  context: ResolveContext,
): Promise<ConnectError> {
  const { resolveElsewhere } = await import('./elsewhere.js');
  return new ConnectError('resolve', context.text, resolveElsewhere(target, context));
}

const noVsock = {
  code: 'UNSUPPORTED',
  problem: 'Windows has no vsock CIDs',
  hint: 'a machine is reached by its name or id there: hyper-v/NAME, wsl/DISTRO; see vmssh list',
};
