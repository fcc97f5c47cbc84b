import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { ConnectError } from '../errors.js';

export interface HostKey {
  /** "ssh-ed25519" and the like. */
  readonly type: string;
  /** As ssh-keygen -l prints it: "SHA256:" and base64 without padding. */
  readonly fingerprint: string;
}

export interface ProbeResult {
  readonly hostKey: HostKey;
  /** What the server offers for logging in: "publickey", "password" …; "none" alone where it lets anybody in. */
  readonly methods: readonly string[];
}

export interface ProbeOptions {
  /** The target as it was typed, for error messages. */
  readonly target: string;
  /** Servers may offer other methods to other users. */
  readonly user: string;
  /** Milliseconds for the whole handshake. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * An SSH handshake up to the first refusal: the host key and the authentication methods. `sock` is destroyed then.
 * Throws a ConnectError of op handshake.
 */
export async function probe(sock: Duplex, options: ProbeOptions): Promise<ProbeResult> {
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
      // A half-closing sock ends and does not close.
      const over = () => reject(new Error('the server closed the connection'));
      client.on('end', over).on('close', over);
      client.connect({
        sock,
        username: user,
        readyTimeout: timeoutMs,
        hostVerifier: (key: Buffer) => {
          hostKey = describeKey(key);
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
    const interrupted = signal?.aborted === true;
    const { message } = error as Error;
    throw new ConnectError('handshake', target, {
      code: interrupted ? 'INTERRUPTED' : 'HANDSHAKE',
      problem: interrupted ? 'interrupted' : `the SSH handshake failed: ${message}`,
      hint: 'see what ssh itself says with -vvv, and sshd in the guest: journalctl -u "sshd*"',
      cause: error,
    });
  } finally {
    signal?.removeEventListener('abort', abort);
    client.on('error', () => {});
    client.destroy();
    // ssh2 leaves a sock that it has ended.
    sock.destroy();
  }
}

/** The type (its first string, RFC 4253 section 6.6) and the fingerprint of a public key blob. */
function describeKey(key: Buffer): HostKey {
  const type = key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
  const hash = createHash('sha256').update(key).digest('base64').replace(/=+$/, '');
  return { type, fingerprint: `SHA256:${hash}` };
}
