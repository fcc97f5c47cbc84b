import type { Io } from '../../../cli/command.js';
import type { Endpoint } from '../../../endpoint.js';
import { ConnectError } from '../../../errors.js';
import { allRoutes, chosenRoutes } from '../../../routes/plan.js';
import { type MachineOptions, search } from '../machine.js';
import { remembered } from '../remembered.js';

/** An endpoint whose machine can connect to a vsock port of this host. */
export type ReverseEndpoint = Extract<Endpoint, { readonly family: 'vsock' | 'vsock-mux' | 'hyper-v' }>;

export interface FoundMachine {
  /** The target. */
  readonly text: string;
  readonly endpoint: ReverseEndpoint;
}

/** A machine that is looked up again and again: after a restart it may have another CID, and its old one another machine. */
export interface ReverseMachine {
  /** Throws a ConnectError if it cannot be found, or has no vsock. */
  now(): Promise<FoundMachine>;
  /** The same, at most every two seconds. */
  recently(): Promise<FoundMachine>;
}

export function reverseMachine(options: MachineOptions, io: Io, signal: AbortSignal): ReverseMachine {
  const find = search(options, io, signal);
  const now = async () => {
    const { text, resolution } = await find();
    const { routes } = options;
    const all = await (routes ? chosenRoutes(resolution, routes, text) : allRoutes(resolution));
    const endpoint = all.map((route) => route.endpoint).find(isVsock);
    if (endpoint) return { text, endpoint };
    throw new ConnectError('connect', text, {
      code: 'UNSUPPORTED',
      problem: 'it has no vsock by which it could connect to this host',
      hint: `if it has sshd: ssh -R PORT:127.0.0.1:PORT, or ssh -A for the agent; docs/forward.md says which machines can`,
    });
  };
  return { now, recently: remembered(now, recentMs).get };
}

/** Milliseconds. */
const recentMs = 2000;

function isVsock(endpoint: Endpoint): endpoint is ReverseEndpoint {
  return endpoint.family === 'vsock' || endpoint.family === 'vsock-mux' || endpoint.family === 'hyper-v';
}
