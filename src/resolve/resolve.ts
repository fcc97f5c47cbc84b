import { existsSync } from 'node:fs';
import { ConnectError } from '../errors.js';
import type { Target } from '../target/target.js';
import { resolveElsewhere } from './elsewhere.js';
import type { Resolution, ResolveContext } from './resolution.js';
import { resolvePath } from './socket-path.js';

export interface ResolveOptions {
  readonly text: string;
  readonly port: number;
  readonly env: ResolveContext['env'];
  readonly platform: NodeJS.Platform;
  readonly signal?: AbortSignal | undefined;
  readonly exists?: ((path: string) => boolean) | undefined;
}

/** Finds the endpoint that a target means on this host. Throws a ConnectError of op resolve. */
export async function resolve(target: Target, options: ResolveOptions): Promise<Resolution> {
  const { text, port, signal, env, platform, exists = existsSync } = options;
  const context: ResolveContext = { text, port, signal, env, platform, exists };
  switch (target.kind) {
    case 'unix': {
      const { path, steps } = resolvePath(target, context);
      return { endpoint: { family: 'unix', path }, steps };
    }
    case 'vsock':
      return { endpoint: { family: 'vsock', cid: target.cid, port: target.port ?? port }, steps: [] };
    case 'vsock-mux': {
      const { path, steps } = resolvePath(target, context);
      return { endpoint: { family: 'vsock-mux', path, port: target.port ?? port }, steps };
    }
    case 'machine':
      return (await import('./machine.js')).resolveMachine(target.name, context);
    case 'container':
      return (await import('./container.js')).resolveContainer(target.name, context);
    case 'hvsock':
      return {
        endpoint: { family: 'hyper-v', vmId: target.vmId, serviceId: target.serviceId },
        steps: [],
      };
    case 'hyper-v':
    case 'wsl':
    case 'libvirt':
      throw new ConnectError('resolve', text, resolveElsewhere(target, context));
  }
}
