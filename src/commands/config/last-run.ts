import { freshOption, noFreshOption, recorded, recordLines } from '../../ssh/config/record.js';
import type { ConfigOptions } from './options.js';
import { mergedSshOptions, parseSshOption, type SshOption } from './ssh-option.js';

/** Comments that record the options for later runs; "" if there are none. */
export function recordOf({ onlyPatterns, prefix, system, fdpass, fresh, sshOptions }: ConfigOptions): string {
  const names = onlyPatterns ? ['--only-patterns'] : prefix === '' ? [] : [`--prefix ${prefix}`];
  return recordLines([
    ...(system ? [] : names),
    ...(fdpass === false ? ['--no-fdpass'] : []),
    ...(fresh === undefined ? [] : [freshWord(fresh)]),
    ...sshOptions.map(({ keyword, value }) => `-o ${keyword}=${value}`),
  ]);
}

/** The options, completed by those recorded in `file`. */
export function withLast(options: ConfigOptions, file = ''): ConfigOptions {
  const last = recorded(file);
  const after = (name: string) => last.find((each) => each.startsWith(name))?.slice(name.length);
  const names = {
    prefix: after('--prefix ') ?? '',
    onlyPatterns: options.system || last.includes('--only-patterns'),
  };
  const kept = last.filter((each) => each.startsWith('-o ')).flatMap((each) => readOption(each.slice(3)));
  return {
    ...options,
    ...(options.asBefore ? names : {}),
    fdpass: options.fdpass ?? !last.includes('--no-fdpass'),
    fresh: options.fresh ?? [true, false].find((fresh) => last.includes(freshWord(fresh))),
    sshOptions: mergedSshOptions(kept, options.sshOptions),
  };
}

function freshWord(fresh: boolean): string {
  return fresh ? freshOption : noFreshOption;
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
