import type { OptionSpec, RawArgs } from './command.js';
import { secondsOption } from './values.js';

/** For one connect. Slow enough for a busy host, short enough to be waited for. Milliseconds. */
const defaultTimeoutMs = 15_000;
/** What a slow machine takes to boot. Milliseconds. */
const defaultWaitMs = 120_000;

export const portOption: OptionSpec = {
  long: 'port',
  short: 'p',
  value: 'PORT',
  summary: 'the port in the machine (default 22)',
};

export const timeoutOption: OptionSpec = {
  long: 'timeout',
  value: 'SECONDS',
  summary: `give up a connect after this time (default ${defaultTimeoutMs / 1000})`,
};

export const waitOption: OptionSpec = {
  long: 'wait',
  value: 'SECONDS',
  optionalValue: true,
  summary: `try again until an SSH banner is there: for a machine that boots (default ${defaultWaitMs / 1000})`,
};

export const verboseOption: OptionSpec = {
  long: 'verbose',
  short: 'v',
  summary: 'tell each step with its time on stderr',
};

export const jsonOption: OptionSpec = { long: 'json', summary: 'print JSON (docs/json.md)' };

/** --timeout, --wait and -v, understood. */
export interface ReachFlags {
  readonly timeoutMs: number;
  readonly waitMs: number | undefined;
  readonly verbose: boolean;
}

export function reachFlags(raw: RawArgs): ReachFlags {
  return {
    timeoutMs: secondsOption(raw, 'timeout') ?? defaultTimeoutMs,
    waitMs: raw.options.wait === undefined ? undefined : (secondsOption(raw, 'wait') ?? defaultWaitMs),
    verbose: raw.options.verbose === true,
  };
}
