import type { Io } from '../cli/command.js';
import { quote } from '../errors.js';
import type { LastOptions } from '../ssh/config/state.js';
import type { ConfigOptions } from './options.js';
import { mergedSshOptions, parseSshOption, refusedBySsh, type SshOption } from './ssh-option.js';

/** The options that later runs keep. */
export function lastOptions(options: ConfigOptions): LastOptions {
  const { onlyPatterns, prefix, fdpass, fresh, start, routes, sshOptions } = options;
  return {
    prefix,
    onlyPatterns,
    fdpass: fdpass !== false,
    fresh,
    ...(start ? { start } : {}),
    ...(routes === undefined || routes === 'own' ? {} : { routes }),
    sshOptions: sshOptions.map(({ keyword, value }) => `${keyword}=${value}`),
  };
}

/** The options, completed by those of the last run. */
export function withLast(options: ConfigOptions, last: LastOptions): ConfigOptions {
  const names = { prefix: last.prefix, onlyPatterns: options.system || last.onlyPatterns };
  return {
    ...options,
    ...(options.keepNames ? names : {}),
    fdpass: options.fdpass ?? last.fdpass,
    fresh: options.fresh ?? last.fresh,
    start: options.start ?? last.start,
    routes: options.routes ?? last.routes,
    sshOptions: mergedSshOptions(readOptions(last).kept, options.sshOptions),
  };
}

/** Why settings of the last run are left out: an earlier version, or an editor, took what this one refuses. Each a clause. */
export function leftOut(last: LastOptions): readonly string[] {
  return readOptions(last).refused.map(
    ({ text, why }) => `the kept setting ${quote(text)} is left out: ${why}`,
  );
}

/** Why ssh would accept no line of ours, because of a setting of the last run, and the fix; undefined if it accepts them. */
export async function refusedOfLast(
  { sshOptions }: ConfigOptions,
  last: LastOptions,
  io: Pick<Io, 'env'>,
): Promise<{ readonly why: string; readonly hint: string } | undefined> {
  const kept = readOptions(last).kept.map(({ keyword }) => keyword.toLowerCase());
  const refused = await refusedBySsh(
    sshOptions.filter(({ keyword }) => kept.includes(keyword.toLowerCase())),
    io,
  );
  if (!refused) return undefined;
  return {
    why: `it keeps ${refused.why}`,
    hint: `another value, or none: vmssh config install -o ${refused.keyword}=`,
  };
}

function readOptions({ sshOptions }: LastOptions) {
  const kept: SshOption[] = [];
  const refused: { readonly text: string; readonly why: string }[] = [];
  for (const text of sshOptions) {
    try {
      kept.push(parseSshOption(text));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      refused.push({ text, why: error.message });
    }
  }
  return { kept, refused };
}
