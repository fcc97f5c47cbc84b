import { existsSync } from 'node:fs';
import { repeated, UsageError } from '../cli/command.js';
import { quote } from '../errors.js';
import type { Here, Io } from '../process/io.js';
import { everySsh, sshCommand } from '../process/ssh-program.js';
import type { JsonObject } from '../sources/tools/json.js';
import { type RunTool, runTool } from '../sources/tools/run-tool.js';
import { refusedSetting } from '../ssh/config/host-options.js';
import { isForLine } from '../ssh/config/word.js';
import { otherHome } from '../ssh/folder.js';
import { textsOf } from './setting.js';

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
    takes: ['ControlMaster=auto', 'ServerAliveInterval=15', 'User=root'],
    summary: 'a setting of ssh_config(5) for every Host; KEY= removes it; can be repeated',
  },
  parseSshOption,
);

/** Throws a RangeError. */
export function parseSshOption(text: string): SshOption {
  const [, keyword, value = ''] = /^([A-Za-z][A-Za-z0-9]*)=(.*)$/s.exec(text) ?? [];
  if (keyword === undefined)
    throw new RangeError(`-o takes KEY=VALUE, as in -o User=root, not ${quote(text)}`);
  if (!isForLine(value))
    throw new RangeError(
      `-o ${keyword}: the value is one line without control characters, not ${quote(value)}`,
    );
  const why = refusedSetting(keyword, value);
  if (why !== undefined) throw new RangeError(`-o cannot set ${keyword}: ${why}`);
  return { keyword, value: value.trim() };
}

/** KEY=VALUE. */
export function formatSshOption({ keyword, value }: SshOption): string {
  return `${keyword}=${value}`;
}

/** The options that the last run kept, and that -o would refuse: an earlier version, or an editor, wrote them. */
export function readSshOptions({ sshOptions }: JsonObject) {
  const taken: SshOption[] = [];
  const refused: { readonly text: string; readonly why: string }[] = [];
  for (const text of textsOf(sshOptions)) {
    try {
      taken.push(parseSshOption(text));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      refused.push({ text, why: error.message });
    }
  }
  return { taken: taken.filter(({ value }) => value !== ''), refused };
}

/** Why options that the last run kept are left out. Each a clause. */
export function leftOut(kept: JsonObject): readonly string[] {
  return readSshOptions(kept).refused.map(
    ({ text, why }) => `the kept setting ${quote(text)} is left out: ${why}`,
  );
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

/** Has ssh read them. Throws a UsageError. */
export async function checkSshOptions(
  { sshOptions = [] }: { readonly sshOptions?: readonly SshOption[] },
  io: Here,
  run: RunTool = runTool,
): Promise<void> {
  const refused = await refusedBySsh(sshOptions, io, run);
  if (refused) throw new UsageError(refused.why, 'see man ssh_config');
}

/** Why ssh would accept no line of ours, because of an option that the last run kept, and the fix; undefined if it accepts them. */
export async function refusedOfLast(
  options: readonly SshOption[],
  kept: JsonObject,
  io: Here,
): Promise<{ readonly why: string; readonly hint: string } | undefined> {
  const keywords = readSshOptions(kept).taken.map(({ keyword }) => keyword.toLowerCase());
  const isOfLast = ({ keyword }: SshOption) => keywords.includes(keyword.toLowerCase());
  const refused = await refusedBySsh(options.filter(isOfLast), io);
  return (
    refused && {
      why: `it keeps ${refused.why}`,
      hint: `another value, or none: vmssh config install -o ${refused.keyword}=`,
    }
  );
}

/** The first of them that an ssh here does not accept: it would end every login by that one. */
async function refusedBySsh(
  options: readonly SshOption[],
  io: Here,
  run: RunTool = runTool,
): Promise<(SshOption & { readonly why: string }) | undefined> {
  const given = options.filter(({ value }) => value !== '');
  for (const [ssh = 'ssh', ...first] of given.length === 0 ? [] : everySsh(io)) {
    const saysOf = (all: readonly SshOption[]) => {
      const words = all.flatMap((each) => ['-o', formatSshOption(each)]);
      return saidBySsh([...first, '-F', 'none', ...words], io, run, ssh);
    };
    if ((await saysOf(given)) === undefined) continue;
    for (const option of given) {
      const said = (await saysOf([option]))?.replace(/^command-line:? line 0: /, '');
      const text = quote(formatSshOption(option));
      if (said !== undefined) return { ...option, why: `-o ${text}: ${ssh} does not accept it: ${said}` };
    }
  }
  return undefined;
}

/** Why an ssh here does not accept the configuration of our files, in its own words; undefined if each does. */
export async function refusedConfig(
  { main, own }: { readonly main: string | undefined; readonly own: string },
  io: Here,
): Promise<string | undefined> {
  const isFound = main !== undefined && otherHome(io.env, io.platform) === undefined;
  const file = main ?? own;
  for (const [ssh, ...first] of isFound || existsSync(file) ? everySsh(io) : []) {
    const said = await saidBySsh([...first, ...(isFound ? [] : ['-F', file])], io, runTool, ssh);
    // Files of another home may be another user's.
    if (said !== undefined && (isFound || !badOwner.test(said))) return said;
  }
  return undefined;
}

/** ssh's words for a file that others may write. */
export const badOwner = /bad owner or permissions/i;

/** Why ssh does not accept a configuration, in its own words; undefined if it does, or is not there. `options`: of ssh. */
async function saidBySsh(
  options: readonly string[],
  { env }: Pick<Io, 'env'>,
  run: RunTool,
  ssh = 'ssh',
): Promise<string | undefined> {
  try {
    const flags = ['-oCanonicalizeHostname=no', ...options, '-G'];
    await run(ssh, sshCommand({ ssh: [], flags, host: 'vmssh' }), { env, timeoutMs });
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'FAILED' ? message.replace(`${ssh}: `, '').replaceAll('\r', '') : undefined;
  }
}
