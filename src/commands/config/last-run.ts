import type { ConfigOptions } from './options.js';
import { mergedSshOptions, parseSshOption, type SshOption } from './ssh-option.js';

const mark = '# Kept by later runs: ';

/** Comments that record the options for later runs; "" if there are none. */
export function recordOf({ onlyPatterns, prefix, system, fdpass, sshOptions }: ConfigOptions): string {
  const names = onlyPatterns ? ['--only-patterns'] : prefix === '' ? [] : [`--prefix ${prefix}`];
  const kept = [
    ...(system ? [] : names),
    ...(fdpass === false ? ['--no-fdpass'] : []),
    ...sshOptions.map(({ keyword, value }) => `-o ${keyword}=${value}`),
  ];
  return kept.map((option) => `${mark}${option}\n`).join('');
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
    sshOptions: mergedSshOptions(kept, options.sshOptions),
  };
}

// Only the lines below the first: a comment above a Host may have any machine's name.
function recorded(file: string): readonly string[] {
  const lines = file.split('\n').slice(1);
  const end = lines.findIndex((line) => !line.startsWith(mark));
  return lines.slice(0, Math.max(0, end)).map((line) => line.slice(mark.length));
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
