/** What every provider is given; effects of one provider alone are default parameters of its functions. */
export interface Deps {
  /** XDG_RUNTIME_DIR is read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** For one question to one service. */
  readonly timeoutMs?: number | undefined;
  /** Where the system's services have their sockets, "/run". */
  readonly runDir?: string | undefined;
}

/** A source of machines on this host. */
export interface Provider {
  readonly name: string;
  readonly platforms: readonly NodeJS.Platform[];
  list(deps: Deps): Promise<Listing>;
}

export interface Listing {
  readonly found: readonly Found[];
  /** What could not be asked, so that a short list is not taken for the whole. */
  readonly warnings: readonly Warning[];
}

/** A machine that a provider lists. */
export interface Found {
  readonly name: string;
  /** What to type after `ssh`: "machine/mint". */
  readonly target: string;
  /** "unknown" where the provider sees traces of a machine that may be gone. */
  readonly status: 'running' | 'unknown';
  /** The provider's name. */
  readonly provider: string;
  readonly cid?: number | undefined;
  /** In the 8-4-4-4-12 form. */
  readonly uuid?: string | undefined;
}

export interface Warning {
  /** The provider's name. */
  readonly provider: string;
  /** An errno's name, a service's error name, PROTOCOL or TIMEOUT. */
  readonly code: string;
  readonly problem: string;
}
