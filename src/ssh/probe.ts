import type { Duplex } from 'node:stream';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import { ConnectError } from '../errors.js';
import { fingerprintOf } from '../host-keys/fingerprint.js';

export interface HostKey {
  /** "ssh-ed25519" and the like. */
  readonly type: string;
  /** In the form of ssh-keygen -l: "SHA256:" and base64 without padding. */
  readonly fingerprint: string;
}

export interface ProbeResult {
  readonly hostKey: HostKey;
  /** The authentication methods that the server offers: "publickey", "password" …; only "none" if it lets anybody in. */
  readonly methods: readonly string[];
}

export interface SockProbeOptions {
  /** The target as typed, for error messages. */
  readonly target: string;
  /** Servers may offer each user other methods. */
  readonly user: string;
  /** Milliseconds for the whole handshake. */
  readonly timeoutMs: number;
  /** The known key types of the server, which are asked for first, as ssh does. */
  readonly keyTypes?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * An SSH handshake up to the first refusal: returns the host key and the authentication methods, and destroys `sock`.
 * Throws a ConnectError of op handshake.
 */
export async function probeSock(sock: Duplex, options: SockProbeOptions): Promise<ProbeResult> {
  const { default: ssh2 } = await import('ssh2');
  const client = new ssh2.Client();
  const { target, user, timeoutMs, keyTypes = [], signal } = options;
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
        algorithms: { serverHostKey: { append: [], prepend: algorithmsOf(keyTypes), remove: [] } },
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
      hint: 'run ssh with -vvv; in the guest, see the log of sshd: journalctl -u "sshd*"',
      cause: error,
    });
  } finally {
    signal?.removeEventListener('abort', abort);
    client.on('error', () => {});
    client.destroy();
    // ssh2 does not destroy a sock that it has ended.
    sock.destroy();
  }
}

/** The signature algorithms of each key type, as far as ssh2 knows them. */
function algorithmsOf(types: readonly string[]): ServerHostKeyAlgorithm[] {
  return (Object.keys(algorithms) as (keyof typeof algorithms)[])
    .filter((type) => types.includes(type))
    .flatMap((type) => algorithms[type]);
}

const algorithms = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
} satisfies Record<string, ServerHostKeyAlgorithm[]>;

/** The type (its first string, RFC 4253 section 6.6) and the fingerprint of a public key blob. */
function describeKey(key: Buffer): HostKey {
  const type = key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
  return { type, fingerprint: fingerprintOf(key) };
}
