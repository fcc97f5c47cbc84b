import type { RouteName } from './route.js';

/** How one of our own commands is to reach a machine: proxy, nc, ssh, check, forward. */
export interface OwnOptions {
  readonly fdpass?: boolean;
  readonly timeoutMs?: number;
  readonly waitMs?: number;
  readonly routes?: readonly RouteName[];
  /** Whether a machine that is off is started; "terminal": only where ssh has one. */
  readonly start?: boolean | 'terminal' | undefined;
  readonly bring?: boolean;
  readonly verbose?: boolean;
}

/** The options as arguments: no word needs quotes in any shell. */
export function ownArgs(options: OwnOptions): readonly string[] {
  const { fdpass, timeoutMs, waitMs, routes, start, bring, verbose } = options;
  return [
    ...(fdpass ? ['--fdpass'] : []),
    ...(timeoutMs === undefined ? [] : [`--timeout=${timeoutMs / 1000}`]),
    ...(waitMs === undefined ? [] : [`--wait=${waitMs / 1000}`]),
    ...(routes ? [`--route=${routes.join(',')}`] : []),
    ...(start ? [start === 'terminal' ? '--start-on-terminal' : '--start'] : []),
    ...(bring ? ['--bring-sshd'] : []),
    ...(verbose ? ['--verbose'] : []),
  ];
}
