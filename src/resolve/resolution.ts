import type { Endpoint } from '../endpoint.js';
import type { StartCommand } from '../errors.js';
import type { Route, RouteName } from '../route.js';

/** The result of resolving a target: a machine, and its first route. */
export interface Resolution {
  readonly endpoint: Endpoint;
  /** How it was found, one clause for each step. */
  readonly steps: readonly string[];
  /** The machine's, in the 8-4-4-4-12 form, if its manager's list has it. */
  readonly uuid?: string | undefined;
  /** The path of a private key for the login, made by the machine's manager. */
  readonly identityFile?: string | undefined;
  /** The login user that the machine's manager made. */
  readonly user?: string | undefined;
  /**
   * The machine's other routes, best first. Only a name can have them: an address has one route. Undefined if the first is
   * the only one, which is then opened without waiting for a banner. Called only after the first route failed, or if a
   * route was chosen, or for a list of all; may ask the manager, and throw a ConnectError.
   */
  readonly others?: (() => Promise<readonly Route[]>) | undefined;
  /** Routes that only other sources have for the same machine: asked for after all of its own have failed, or for a list. */
  readonly joined?: (() => Promise<readonly Route[]>) | undefined;
  /**
   * Its IP address as a route, used only if it was asked for: nothing goes to a network by surprise. Undefined: nobody knows
   * one, or the first route is one already, since its manager names no other. `leftMs`: for asking its manager.
   */
  readonly ip?: ((leftMs?: number) => Promise<Route | undefined>) | undefined;
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
  /** The only routes that may be used, in this order; undefined: those of the provider, and no network unasked. */
  readonly routes?: readonly RouteName[] | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly signal?: AbortSignal | undefined;
  readonly exists: (path: string) => boolean;
  /** The folder of the system services' sockets, "/run". */
  readonly runDir?: string | undefined;
  /** The proc file system, "/proc". */
  readonly procDir?: string | undefined;
}
