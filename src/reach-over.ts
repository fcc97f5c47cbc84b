import type { Guid } from './address/guid.js';
import { openConnection } from './connect/open.js';
import { ConnectError } from './errors.js';
import { abortSignalOf } from './interruption.js';
import { resolveTarget } from './kinds/kinds.js';
import { parseTarget } from './kinds/parse.js';
import { type Reached, type ReachOptions, reach } from './reach.js';

/** The transports to a machine, as `hvc nc -t` names them. */
export type Transport = 'vsock' | 'ip';

/** The addresses of a Hyper-V machine; a parameter, for tests. */
export type FindAddresses = (id: Guid, options: ReachOptions) => Promise<readonly string[]>;

/**
 * `reach` by the transports in their order: `ip` is the address that a Hyper-V guest reported to its host. `note` gets
 * one clause that says why another one is used. Throws the first one's ConnectError if none works.
 */
export async function reachOver(
  transports: readonly Transport[],
  text: string,
  options: ReachOptions,
  note: (message: string) => void,
  findAddresses: FindAddresses = askForAddresses,
): Promise<Reached> {
  let first: ConnectError | undefined;
  for (const transport of transports) {
    try {
      if (transport === 'vsock') return await reach(text, options);
      return await reachByAddress(text, options, findAddresses, (address) =>
        note(first ? `${first.message}; by TCP to ${address} instead` : `by TCP to ${address}`),
      );
    } catch (error) {
      if (!(error instanceof ConnectError) || error.code === 'INTERRUPTED' || error.op === 'parse')
        throw error;
      first ??= error;
    }
  }
  throw first;
}

async function reachByAddress(
  text: string,
  options: ReachOptions,
  findAddresses: FindAddresses,
  found: (address: string) => void,
): Promise<Reached> {
  const { port, signal, env, platform, timeoutMs, native } = options;
  const target = parseTarget(text);
  const { endpoint } = await resolveTarget(target, { text, port, signal, env, platform });
  if (endpoint.family !== 'hyper-v') {
    throw new ConnectError('resolve', text, {
      ...{ code: 'UNSUPPORTED', problem: 'only a Hyper-V machine is asked for its IP address' },
      hint: 'remove "ip" from --transport',
    });
  }
  const [host] = await findAddresses(endpoint.vmId, options);
  if (host === undefined) {
    throw new ConnectError('resolve', text, {
      ...{ code: 'NOT_FOUND', problem: 'Hyper-V knows no IP address for it' },
      hint: 'the guest reports it by its integration services: hv_kvp_daemon (apt-get install hyperv-daemons)',
    });
  }
  const tcp = { family: 'tcp', host, port } as const;
  found(`${host}:${port}`);
  const connection = await openConnection(tcp, { target: text, timeoutMs, signal }, native);
  return { target, resolution: { endpoint: tcp, steps: [`it has the IP address ${host}`] }, connection };
}

const askForAddresses: FindAddresses = async (id, { env, signal }) => {
  const { hyperVAddresses } = await import('./discovery/hyper-v/address.js');
  return hyperVAddresses(id, { env, signal: signal && abortSignalOf(signal), timeoutMs: 20_000 }).catch(
    () => [],
  );
};
