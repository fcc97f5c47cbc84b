import { type Io, UsageError } from '../cli/command.js';
import { repeated } from '../cli/option.js';
import { type RunTool, runTool } from '../discovery/tools/run-tool.js';
import { quote } from '../errors.js';
import { refusedSetting } from '../ssh/config/host-options.js';

/** A line for every Host, in ssh_config's own syntax; an empty value takes an earlier one back. */
export interface SshOption {
  readonly keyword: string;
  readonly value: string;
}

export const sshOption = repeated(
  {
    long: 'ssh-option',
    short: 'o',
    value: 'KEY=VALUE',
    takes: ['ControlMaster=auto', 'ForwardAgent=yes', 'ServerAliveInterval=15', 'User=root'],
    summary: 'a setting of ssh_config(5) for every Host; KEY= removes it; can be repeated',
  },
  parseSshOption,
);

/** Throws a RangeError. */
export function parseSshOption(text: string): SshOption {
  const [, keyword, value = ''] = /^([A-Za-z][A-Za-z0-9]*)=(.*)$/s.exec(text) ?? [];
  if (keyword === undefined)
    throw new RangeError(`-o takes KEY=VALUE, as in -o User=root, not ${quote(text)}`);
  if (/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u.test(value))
    throw new RangeError(
      `-o ${keyword}: the value is one line without control characters, not ${quote(value)}`,
    );
  const why = refusedSetting(keyword);
  if (why !== undefined) throw new RangeError(`-o cannot set ${keyword}: ${why}`);
  return { keyword, value: value.trim() };
}

/** The options of the last run, replaced by keyword by those that are given now. */
export function mergedSshOptions(
  last: readonly SshOption[],
  given: readonly SshOption[],
): readonly SshOption[] {
  const now = new Set(given.map(({ keyword }) => keyword.toLowerCase()));
  return [...last.filter(({ keyword }) => !now.has(keyword.toLowerCase())), ...given].filter(
    ({ value }) => value !== '',
  );
}

/** Time for a ssh that is on a slow disk. Milliseconds. */
const timeoutMs = 5000;

/** Has ssh read them: one that it does not accept would end every login. Throws a UsageError. */
export async function checkSshOptions(
  options: readonly SshOption[],
  { env }: Pick<Io, 'env'>,
  run: RunTool = runTool,
): Promise<void> {
  const given = options.filter(({ value }) => value !== '');
  for (const { keyword, value } of given) {
    const option = `${keyword}=${value}`;
    await run('ssh', ['-F', 'none', '-G', '-o', option, '--', 'vmssh'], { env, timeoutMs }).catch((error) => {
      if (error.code !== 'FAILED') return; // without ssh nobody reads the file yet
      const why = error.message.replace(/^ssh: (command-line:? line 0: )?/, '');
      throw new UsageError(`-o ${quote(option)}: ssh does not accept it: ${why}`, 'see man ssh_config');
    });
  }
}
