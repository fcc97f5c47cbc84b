import { behind, hopHost } from '../typed/names.js';
import { type RouteName, routeNames } from '../typed/route.js';
import { flag, listOf, type RawArgs, repeated, seconds, UsageError, verbose } from './command.js';

/** For one connect: long enough for a busy host, short enough to wait for. Milliseconds. */
const defaultTimeoutMs = 15_000;
/** The boot time of a slow machine. Milliseconds. */
export const defaultWaitMs = 120_000;

export const timeoutOption = seconds({
  long: 'timeout',
  summary: `stop trying to connect after this time (default ${defaultTimeoutMs / 1000})`,
});

export const waitOption = seconds({
  long: 'wait',
  leftOut: defaultWaitMs,
  summary: `try again until an SSH banner comes, while a machine boots (default ${defaultWaitMs / 1000})`,
});

export const startOption = flag({
  long: 'start',
  summary: `start the machine if it is off, and wait for its SSH banner (${defaultWaitMs / 1000} s, or --wait)`,
});

export const bringOption = flag({
  long: 'bring-sshd',
  summary: 'if a container has no sshd, bring one into it for this connection (package vmssh-sshd)',
});

export const verboseOption = verbose('show each step with its time on stderr');

export const routesOption = listOf<RouteName>({
  long: 'route',
  value: 'LIST',
  choices: routeNames,
  summary: 'reach the machine only by this route, or by these in order: vsock,ip; only ip uses a network',
});

export const viaOption = repeated(
  {
    long: 'via',
    value: 'HOST',
    takes: 'host',
    summary: 'for a machine on another hypervisor, as ssh HOST reaches it: the same as via/HOST/TARGET',
  },
  hopHost,
);

export const reachOptions = [viaOption, routesOption, timeoutOption, waitOption, startOption] as const;

/** A typed machine, as it is called with the --via that was given. Throws a UsageError. */
export function throughHop(raw: RawArgs, typed: string): string {
  const [host, ...others] = viaOption.read(raw);
  if (host === undefined) return typed;
  if (others.length > 0)
    throw new UsageError(
      '--via takes one hypervisor here',
      `for a chain: --via ${host} via/${others.join('/via/')}/TARGET`,
    );
  return behind(host, typed);
}

export interface ReachFlags {
  readonly timeoutMs: number;
  /** Whether --timeout was given. */
  readonly isTimed?: boolean;
  readonly waitMs: number | undefined;
  readonly start: boolean;
  readonly verbose: boolean;
  /** The only routes to try, in this order. */
  readonly routes?: readonly RouteName[];
}

export function reachFlags(raw: RawArgs = { positionals: [], options: {} }): ReachFlags {
  const given = timeoutOption.read(raw);
  return {
    timeoutMs: given ?? defaultTimeoutMs,
    isTimed: given === undefined ? undefined : true,
    waitMs: waitOption.read(raw),
    start: startOption.read(raw),
    verbose: verboseOption.read(raw),
    routes: routesOption.read(raw),
  };
}

export const runningOption = flag({
  long: 'running',
  short: 'r',
  summary: 'only running machines, or those of unknown state',
});
