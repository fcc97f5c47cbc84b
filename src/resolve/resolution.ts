import type { Endpoint } from '../endpoint.js';
import type { StartCommand } from '../errors.js';

/** The result of resolving a target. */
export interface Resolution {
  readonly endpoint: Endpoint;
  /** How it was found, one clause for each step. */
  readonly steps: readonly string[];
  /** The path of a private key for the login, made by the machine's manager. */
  readonly identityFile?: string | undefined;
  /** The login user that the machine's manager made. */
  readonly user?: string | undefined;
  /** Called once if the machine is not there: why it is not, if its manager knows. */
  readonly recheck?: (() => Promise<Recheck | undefined>) | undefined;
}

/** Why a machine cannot be reached, and the fix. */
export interface Recheck {
  readonly problem: string;
  readonly hint: string;
  /** If it is not up. */
  readonly start?: StartCommand | undefined;
}

/** What the resolvers of all kinds get. */
export interface ResolveContext {
  /** The target as typed, for error messages. */
  readonly text: string;
  /** The port if the target names none. */
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly signal?: AbortSignal | undefined;
  readonly exists: (path: string) => boolean;
  /** The folder of the system services' sockets, "/run". */
  readonly runDir?: string | undefined;
  /** The proc file system, "/proc". */
  readonly procDir?: string | undefined;
}
