import type { Duplex } from 'node:stream';
import { type HostKey, handshakeFailed, handshakeInterrupted, type ProbeResult } from './handshake-result.js';
import { fingerprintOf, keyTypeOf } from './known-hosts.js';

interface SockProbeOptions {
  /** The target as typed, for error messages. */
  readonly target: string;
  /** Servers may offer each user other methods. */
  readonly user: string;
  /** Milliseconds for the whole handshake. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** An SSH handshake up to the first refusal. Destroys `sock`. Throws a ConnectError of op handshake. */
export async function probeSock(sock: Duplex, options: SockProbeOptions): Promise<ProbeResult> {
  const { default: ssh2 } = await import('ssh2');
  const client = new ssh2.Client();
  const { target, user, timeoutMs, signal } = options;
  let hostKey: HostKey | undefined;
  const abort = () => sock.destroy(new Error('interrupted'));
  signal?.addEventListener('abort', abort);
  try {
    signal?.throwIfAborted();
    const methods = await new Promise<readonly string[]>((resolve, reject) => {
      client.on('ready', () => resolve(['none']));
      client.on('error', reject);
      // A half-closed sock ends but does not close.
      const over = () => reject(new Error('the server closed the connection'));
      client.on('end', over).on('close', over);
      client.connect({
        sock,
        username: user,
        readyTimeout: timeoutMs,
        hostVerifier: (key: Buffer) => {
          hostKey = { type: keyTypeOf(key), fingerprint: fingerprintOf(key) };
          return true;
        },
        authHandler: (
          left: readonly string[] | null,
          _partial: boolean | null,
          next: (method: 'none' | false) => void,
        ) => {
          if (left === null) return next('none');
          resolve(left);
          next(false);
        },
      } as Parameters<typeof client.connect>[0]);
    });
    if (!hostKey) throw new Error('the server showed no host key');
    return { hostKey, methods };
  } catch (error) {
    if (signal?.aborted) throw handshakeInterrupted(target, error);
    throw handshakeFailed(target, (error as Error).message, error);
  } finally {
    signal?.removeEventListener('abort', abort);
    client.on('error', () => {});
    client.destroy();
    // ssh2 does not destroy a sock that it has ended.
    sock.destroy();
  }
}
