import type { Endpoint } from '../endpoint.js';

/** Where a target leads. */
export interface Resolution {
  readonly endpoint: Endpoint;
  /** How it was found out, one clause each, first things first. */
  readonly steps: readonly string[];
  /** A private key that the machine's manager made for logging in; its path. */
  readonly identityFile?: string | undefined;
  /** The user that the machine's manager made for logging in. */
  readonly user?: string | undefined;
  /** To be asked once where the machine is not there after all: what was remembered of it may be out of date. */
  readonly recheck?: (() => Promise<Recheck | undefined>) | undefined;
}

/** Where the machine is instead, or why it cannot be reached. */
export type Recheck =
  | { readonly endpoint: Endpoint }
  | { readonly endpoint?: never; readonly problem: string; readonly hint: string };

/** What the resolvers of all kinds are given. */
export interface ResolveContext {
  /** The target as it was typed, for error messages. */
  readonly text: string;
  /** The port to use where the target names none. */
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly signal?: AbortSignal | undefined;
  readonly exists: (path: string) => boolean;
  /** Where the system's services have their sockets, "/run". */
  readonly runDir?: string | undefined;
  /** Where the kernel tells of processes, "/proc". */
  readonly procDir?: string | undefined;
}
