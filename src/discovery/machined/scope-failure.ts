import { existsSync } from 'node:fs';
import { DiscoveryError } from '../discovery-error.js';
import type { Scope } from '../tools/runtime-dirs.js';
import { VarlinkError } from './varlink-error.js';

/** The socket of one machined. */
export interface Socket {
  readonly scope: Scope;
  readonly path: string;
  /** The D-Bus that its machined is a service of. */
  readonly bus: string;
}

/** A machined that could not be asked; ENOENT if there is none. */
export interface ScopeFailure {
  readonly scope: Scope;
  readonly path: string;
  /** An errno's name, a varlink error's name, PROTOCOL or TIMEOUT. */
  readonly code: string;
  readonly problem: string;
}

/** The service's failure, or the end of the time for the whole list. Throws anything else, such as Ctrl-C. */
export function scopeFailure({ scope, path, bus }: Socket, error: unknown): ScopeFailure {
  if (error instanceof VarlinkError) {
    const isAbsent = scope === 'user' && unanswered.includes(error.code) && !existsSync(bus);
    return { scope, path, code: isAbsent ? 'ENOENT' : error.code, problem: error.problem };
  }
  if (error instanceof DiscoveryError) return { scope, path, code: error.code, problem: error.message };
  throw error;
}

// A user without a D-Bus of their own (Debian: dbus-user-session) has no machined, but systemd ≥ 259 listens for it
// even so: it resets the first connection, and from then on nobody listens.
const unanswered = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'];
