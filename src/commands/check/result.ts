import type { Endpoint } from '../../endpoint.js';
import { type ConnectError, exitCode, exitCodeOf } from '../../errors.js';

/** The stages of a check, in order. */
export type StageName =
  | 'found'
  | 'parsed'
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

export interface Means {
  readonly text: string;
  readonly port: number;
  readonly user: string;
  /** What leads there; undefined: not resolved. */
  readonly family?: Endpoint['family'] | undefined;
  /** A private key that the machine's manager made for logging in. */
  readonly identityFile?: string | undefined;
}

export interface CheckResult {
  /** As it was typed. */
  readonly target: string;
  /** What is meant by it: a target, its port and who would log in; undefined where nobody has such a name. */
  readonly means?: Means | undefined;
  /** The stages that were passed. */
  readonly stages: readonly Stage[];
  /** What stopped the stage after them. */
  readonly error?: ConnectError | undefined;
}

/** The exit code of a command that checks one target. */
export function codeOf({ error }: CheckResult): number {
  return error ? exitCodeOf(error) : exitCode.ok;
}
