import { now } from '../../clock.js';
import type { ViaEndpoint } from '../../endpoint.js';
import { askMultiplexer } from '../multiplexer.js';
import { failed, onHost } from './failed.js';
import type { Hop } from './hop.js';

/** A server that waits for its client is connected after this time without an error. Milliseconds. */
const silentMs = 5000;

/**
 * The unix socket for `ssh -W`, on a hypervisor that answered that it has no tool; undefined if a path is not all that is
 * needed.
 */
export function streamPath({ at }: ViaEndpoint, answer: string): string | undefined {
  const [word, reading] = answer.split(' ');
  if (word !== 'no-tool' || !at || !('path' in at)) return undefined;
  return reading === 'other' ? at.otherPath : at.path;
}

/** Waits until an `ssh -W` has the machine's socket, as far as that can be seen. Throws a ConnectError. */
export async function awaitStream(hop: Hop, target: string, deadline: number): Promise<void> {
  const { host, at } = hop.endpoint;
  hop.note = `, by ssh -W to ${host}`;
  const refuseFailure = async () => {
    const end = await hop.endBy(deadline);
    // One that goes on has only closed its side.
    if (!end || end.code === 0) return;
    const { code, signal } = end;
    const how = signal ? `a signal ended it: ${signal}` : `exit code ${code}`;
    throw failed('HOP_NO_STREAM', hop.endpoint, target, how);
  };
  if (at?.family === 'vsock-mux') {
    // The login comes first: silence does not mean that the port is open.
    return askMultiplexer(hop, at.port, deadline, deadline - now()).catch(async (error) => {
      // Also if ssh had ended before it was asked.
      if (['EOF', 'EPIPE', 'ECONNRESET'].includes(error.code)) await refuseFailure();
      throw onHost(host, at, error.code, target, error);
    });
  }
  const until = Math.min(deadline, now() + silentMs);
  const first = await hop.peek(0, 1, until - now());
  if (first.length === 0 && now() < until) await refuseFailure();
}
