import { ConnectError } from '../base/errors.js';

// The library exports these types: what they import is in its declarations too, and the addon's are not in the package.

export interface HostKey {
  /** "ssh-ed25519" and the like. */
  readonly type: string;
  /** In the form of ssh-keygen -l: "SHA256:" and base64 without padding. */
  readonly fingerprint: string;
}

/** What an SSH handshake up to the first refusal shows of a server. */
export interface ProbeResult {
  readonly hostKey: HostKey;
  /** The authentication methods that the server offers: "publickey", "password" …; only "none" if it lets anybody in. */
  readonly methods: readonly string[];
}

export function handshakeFailed(
  target: string,
  why: string,
  cause?: unknown,
  hint = 'run ssh with -vvv; in the guest, see the log of sshd: journalctl -u "sshd*"',
): ConnectError {
  const problem = `the SSH handshake failed: ${why}`;
  return new ConnectError('handshake', target, { code: 'HANDSHAKE', problem, hint, cause });
}

export function handshakeInterrupted(target: string, cause?: unknown): ConnectError {
  return new ConnectError('handshake', target, { code: 'INTERRUPTED', problem: 'interrupted', cause });
}
