import type { Endpoint } from '../endpoint.js';
import { type ConnectError, exitCode, exitCodeOf } from '../errors.js';
import type { RouteName } from '../route.js';

/** The stages of a check, in order. */
export type StageName =
  | 'found'
  | 'parsed'
  | 'started'
  | 'resolved'
  | 'connected'
  | 'banner'
  | 'host key'
  | 'authentication';

export interface Stage {
  readonly stage: StageName;
  /** Milliseconds. */
  readonly ms: number;
  readonly found: string;
}

/** A route of a machine and what came of it. */
export interface CheckedRoute {
  readonly route: RouteName;
  /** Its endpoint as a literal target; absent if it was not asked for. */
  readonly address?: string | undefined;
  /** "skipped": it was not tried. */
  readonly state: 'ok' | 'failed' | 'skipped';
  /** Its banner, or why it failed or was not tried. */
  readonly found: string;
}

export interface Means {
  readonly text: string;
  readonly port: number;
  readonly user: string;
  /** The machine's name, if it was found by that; undefined for a target. */
  readonly machine?: string | undefined;
  /** The endpoint's family; undefined: not resolved. */
  readonly family?: Endpoint['family'] | undefined;
  /** A private key for the login, made by the machine's manager. */
  readonly identityFile?: string | undefined;
}

export interface CheckResult {
  /** As typed. */
  readonly target: string;
  /** What it stands for: a target, its port and the login user; undefined if no machine has such a name. */
  readonly means?: Means | undefined;
  /** The stages that passed. */
  readonly stages: readonly Stage[];
  /** The machine's routes and what came of each, if it has several. */
  readonly routes?: readonly CheckedRoute[] | undefined;
  /** What stopped the next stage. */
  readonly error?: ConnectError | undefined;
}

/** The exit code of a command that checks one target. */
export function codeOf({ error }: CheckResult): number {
  return error ? exitCodeOf(error) : exitCode.ok;
}
