import type { Search } from './search.js';

/** What every provider is given; effects of one provider alone are default parameters of its functions. */
export interface Deps {
  /** XDG_RUNTIME_DIR is read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** For one question to one service. */
  readonly timeoutMs?: number | undefined;
  /** Where the system's services have their sockets, "/run". */
  readonly runDir?: string | undefined;
  /** Where the kernel tells of processes, "/proc". */
  readonly procDir?: string | undefined;
  /** Where this host's accounts are, "/etc". */
  readonly etcDir?: string | undefined;
  /** What several providers of one listing need, kept by the first that reads it. */
  readonly memo?: { processes?: Promise<readonly Process[]> } | undefined;
}

/** A process of this host. */
export interface Process {
  readonly pid: number;
  /** Its owner. */
  readonly uid: number;
  readonly argv: readonly string[];
}

/** A source of machines on this host. */
export interface Provider<F extends DiscoveredMachine = DiscoveredMachine> {
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  readonly platforms: readonly NodeJS.Platform[];
  /** Milliseconds for its answer, where the caller sets no limit and a second is too short. */
  readonly limitMs?: number;
  list(deps: Deps): Promise<Listing<F>>;
  /** For a provider that knows more of its names than its list shows; `findBy` asks it. */
  find?(name: string, deps: Deps): Promise<Search<F, Warning>>;
}

/** A source whose machines people start by a command of its own. */
export interface Manager extends Provider {
  /** What shows its machines; and what starts one, up to the name. */
  readonly commands: { readonly list: string; readonly start: string };
}

export interface Listing<F extends DiscoveredMachine = DiscoveredMachine> {
  readonly found: readonly F[];
  /** What could not be asked, so that a short list is not taken for the whole. */
  readonly warnings: readonly Warning[];
}

/** A machine that a provider lists. */
export interface DiscoveredMachine {
  readonly name: string;
  /** What to type after `ssh`: "machine/mint". */
  readonly target: string;
  readonly status: Status;
  /** The provider's name. */
  readonly provider: string;
  readonly cid?: number | undefined;
  /** In the 8-4-4-4-12 form. */
  readonly uuid?: string | undefined;
  /** The process that is the machine, by which two providers' words for it are known to be one. */
  readonly pid?: number | undefined;
  /** Where its SSH server is, if the provider knows: "vsock/42", "vsock-mux/run/v.sock", "192.0.2.1", "127.0.0.1:60022". */
  readonly address?: string | undefined;
  /** The user that its manager made for logging in. */
  readonly user?: string | undefined;
  /** The private key that its manager made for logging in; a path. */
  readonly identityFile?: string | undefined;
}

/** "unknown" where the provider sees traces of a machine that may be gone. */
export type Status = (typeof statuses)[number];

export const statuses = ['running', 'starting', 'stopping', 'paused', 'saved', 'off', 'unknown'] as const;

export interface Warning {
  /** The provider's name. */
  readonly provider: string;
  /** An errno's name, a service's error name, PROTOCOL or TIMEOUT. */
  readonly code: string;
  readonly problem: string;
}

/** Whether a provider could not be asked; else the warning is of the machines that it lists. */
export function isFailure({ code }: Warning): boolean {
  return code !== 'CID_TWICE';
}

/** The providers that have machines on such a system. */
export function providersOn(platform: NodeJS.Platform, from: readonly Provider[]): readonly Provider[] {
  return from.filter(({ platforms }) => platforms.includes(platform));
}
