import type { DiscoveredMachine } from '../discovery/provider.js';
import type { StartCommand } from '../errors.js';
import type { Route, RouteName } from '../route.js';

/** The result of resolving a target: a machine, by its first route, and what else is known of it. */
export interface Resolution extends Route {
  /** The machine, as its source has it: whose host key it must show. An address has none. */
  readonly machine?: DiscoveredMachine;
  /** The machine's, in the 8-4-4-4-12 form, if its manager's list has it. */
  readonly uuid?: string;
  /** The path of a private key for the login, made by the machine's manager. */
  readonly identityFile?: string;
  /** The login user that the machine's manager made. */
  readonly user?: string;
  /** Its other routes, best first; an address of a target has none. routes/routes.ts says which of them are used, and when. */
  readonly rest?: readonly Route[];
  /** Asks its manager for its IP address within `leftMs`. Throws a ConnectError. Undefined: it could not know one. */
  readonly askIp?: ((leftMs?: number) => Promise<Route>) | undefined;
  /** Asks other sources for routes to the same machine. */
  readonly joined?: (() => Promise<readonly Route[]>) | undefined;
  /** What its manager knows already that may be why it does not answer: it ends again and again. */
  readonly trouble?: Pick<Recheck, 'problem' | 'hint'>;
  /** Called once if the machine is not there: why it is not, if its manager knows. */
  readonly recheck?: (() => Promise<Recheck | undefined>) | undefined;
}

/** Why a machine cannot be reached, and the fix. */
export interface Recheck {
  readonly problem: string;
  readonly hint: string;
  /** If it is not up. */
  readonly start?: StartCommand;
}

/** What the resolvers of all kinds get. */
export interface ResolveContext {
  /** The target as typed, for error messages. */
  readonly text: string;
  /** The port if the target names none. */
  readonly port: number;
  /** The only routes that may be used, in this order; undefined: those of the provider, and no network unasked. */
  readonly routes?: readonly RouteName[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly signal?: AbortSignal;
  readonly exists: (path: string) => boolean;
  /** The folder of the system services' sockets, "/run". */
  readonly runDir?: string;
  /** The proc file system, "/proc". */
  readonly procDir?: string;
}
