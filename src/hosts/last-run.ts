import type { LastOptions } from '../ssh/config/state.js';
import type { ConfigOptions } from './options.js';
import { mergedSshOptions, parseSshOption, type SshOption } from './ssh-option.js';

/** The options that later runs keep. */
export function lastOptions(options: ConfigOptions): LastOptions {
  const { onlyPatterns, prefix, fdpass, fresh, start, routes, loopback, sshOptions } = options;
  return {
    prefix,
    onlyPatterns,
    fdpass: fdpass !== false,
    ...(fresh === undefined ? {} : { fresh }),
    ...(start ? { start } : {}),
    ...(routes === undefined || routes === 'own' ? {} : { routes }),
    ...(loopback === undefined || loopback === 'none' ? {} : { loopback }),
    sshOptions: sshOptions.map(({ keyword, value }) => `${keyword}=${value}`),
  };
}

/** The options, completed by those of the last run. */
export function withLast(options: ConfigOptions, last: LastOptions): ConfigOptions {
  const names = { prefix: last.prefix, onlyPatterns: options.system || last.onlyPatterns };
  return {
    ...options,
    ...(options.asBefore ? names : {}),
    fdpass: options.fdpass ?? last.fdpass,
    fresh: options.fresh ?? last.fresh,
    start: options.start ?? last.start,
    routes: options.routes ?? last.routes,
    loopback: options.loopback ?? last.loopback,
    sshOptions: mergedSshOptions(last.sshOptions.flatMap(readOption), options.sshOptions),
  };
}

// An earlier version may have accepted what this one refuses.
function readOption(text: string): readonly SshOption[] {
  try {
    return [parseSshOption(text)];
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}
