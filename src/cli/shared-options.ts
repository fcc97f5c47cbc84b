import type { RawArgs } from './command.js';
import { flag, seconds } from './option.js';

/** For one connect: long enough for a busy host, short enough to wait for. Milliseconds. */
const defaultTimeoutMs = 15_000;
/** The boot time of a slow machine. Milliseconds. */
const defaultWaitMs = 120_000;

export const timeoutOption = seconds({
  long: 'timeout',
  summary: `stop trying to connect after this time (default ${defaultTimeoutMs / 1000})`,
});

export const waitOption = seconds({
  long: 'wait',
  leftOut: defaultWaitMs,
  summary: `try again until an SSH banner is there: for a machine that boots (default ${defaultWaitMs / 1000})`,
});

export const verboseOption = flag({
  long: 'verbose',
  short: 'v',
  summary: 'show each step with its time on stderr',
});

/** The values of --timeout, --wait and -v. */
export interface ReachFlags {
  readonly timeoutMs: number;
  readonly waitMs: number | undefined;
  readonly verbose: boolean;
}

export function reachFlags(raw: RawArgs): ReachFlags {
  return {
    timeoutMs: timeoutOption.read(raw) ?? defaultTimeoutMs,
    waitMs: waitOption.read(raw),
    verbose: verboseOption.read(raw),
  };
}
