import type { Guid } from '../../address/guid.js';
import { sshPort } from '../../address/port.js';
import { openConnection } from '../../connect/open.js';
import type { Endpoint } from '../../endpoint.js';
import { ConnectError } from '../../errors.js';
import { abortSignalOf } from '../../interruption.js';
import { resolveTarget } from '../../kinds/kinds.js';
import type { TypedTarget } from '../../kinds/parse.js';
import { type Reached, type ReachOptions, reach } from '../../reach.js';

/** The transports to a machine, as `hvc nc -t` names them. */
export type Transport = 'vsock' | 'ip';

/** The addresses of a Hyper-V machine; a parameter, for tests. */
export type FindAddresses = (id: Guid, options: ReachOptions) => Promise<readonly string[]>;

/**
 * `reach` by the transports in their order: `ip` is the address that a Hyper-V guest reported to its host. `note` gets
 * one clause that says why another one is used. If none works it throws the first one's ConnectError, with the reasons of
 * the others.
 */
export async function reachOver(
  transports: readonly Transport[],
  typed: TypedTarget,
  options: ReachOptions,
  note: (message: string) => void,
  findAddresses: FindAddresses = askForAddresses,
): Promise<Reached> {
  const failed: ConnectError[] = [];
  for (const transport of transports) {
    try {
      const reached =
        transport === 'vsock'
          ? await reach(typed, options)
          : await reachByAddress(typed, options, findAddresses);
      const way = wayOf(reached.connection.endpoint);
      if (failed[0]) note(`${failed[0].message}; ${way} instead`);
      else if (transport === 'ip') note(way);
      return reached;
    } catch (error) {
      if (!(error instanceof ConnectError) || error.code === 'INTERRUPTED' || error.op === 'parse')
        throw error;
      failed.push(error);
    }
  }
  throw together(failed);
}

function wayOf(endpoint: Endpoint): string {
  return endpoint.family === 'tcp' ? `by TCP to ${endpoint.host}:${endpoint.port}` : 'by vsock';
}

/** The first failure, with the reasons of the others. */
function together(failed: readonly ConnectError[]): ConnectError | undefined {
  const [first] = failed;
  const reasons = new Set(failed.map(({ problem }) => problem));
  if (!first || reasons.size < 2) return first;
  const { op, target, code, hint, reason } = first;
  return new ConnectError(op, target, {
    code,
    problem: [...reasons].join('; '),
    hint,
    reason,
    cause: failed,
  });
}

async function reachByAddress(
  { text, target }: TypedTarget,
  options: ReachOptions,
  findAddresses: FindAddresses,
): Promise<Reached> {
  const { port, signal, env, platform, timeoutMs, native } = options;
  // Only its id is of use here: the port is TCP's.
  const { endpoint } = await resolveTarget(target, { text, port: sshPort, signal, env, platform });
  if (endpoint.family !== 'hyper-v') {
    throw new ConnectError('resolve', text, {
      code: 'UNSUPPORTED',
      problem: 'only a Hyper-V machine is asked for its IP address',
      hint: 'remove "ip" from --transport',
    });
  }
  const [host] = await findAddresses(endpoint.vmId, options);
  if (host === undefined) {
    throw new ConnectError('resolve', text, {
      code: 'NOT_FOUND',
      problem: 'Hyper-V knows no IP address for it',
      hint: 'the guest reports it by its integration services: hv_kvp_daemon (in a Debian guest: apt-get install hyperv-daemons)',
    });
  }
  const tcp = { family: 'tcp', host, port } as const;
  const connection = await openConnection(tcp, { target: text, timeoutMs, signal }, native);
  return { target, resolution: { endpoint: tcp, steps: [`it has the IP address ${host}`] }, connection };
}

const askForAddresses: FindAddresses = async (id, { env, signal }) => {
  const { hyperVAddresses } = await import('../../discovery/hyper-v/address.js');
  return hyperVAddresses(id, { env, signal: signal && abortSignalOf(signal), timeoutMs: 20_000 }).catch(
    () => [],
  );
};
