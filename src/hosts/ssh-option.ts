import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { quote } from '../base/errors.js';
import type { Env, Here } from '../base/runtime.js';
import { textsIn } from '../book/state.js';
import { repeated, UsageError } from '../cli/command.js';
import { everySsh, isOpenSsh, sshCommand } from '../process/ssh-program.js';
import type { JsonObject } from '../sources/tools/json.js';
import { type RunTool, runTool } from '../sources/tools/run-tool.js';
import { refusedSetting } from '../ssh/config/host-options.js';
import { settingsOf } from '../ssh/config/settings.js';
import { usersTexts } from '../ssh/config/users-files.js';
import { isForLine } from '../ssh/config/word.js';
import { otherHome } from '../ssh/folder.js';

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

export function formatSshOption({ keyword, value }: SshOption): string {
  return `${keyword}=${value}`;
}

/** The options that the last run kept. One that -o would refuse is left out: an editor wrote it. */
export function readSshOptions({ sshOptions }: JsonObject): readonly SshOption[] {
  const parsed = textsIn(sshOptions).flatMap((text) => {
    try {
      return parseSshOption(text);
    } catch {
      return [];
    }
  });
  return parsed.filter(({ value }) => value !== '');
}

/** The options of the last run, replaced by keyword by those that are given now. */
export function mergedSshOptions(last: readonly SshOption[], given: readonly SshOption[]) {
  const now = new Set(given.map(({ keyword }) => keyword.toLowerCase()));
  const kept = last.filter(({ keyword }) => !now.has(keyword.toLowerCase()));
  return [...kept, ...given].filter(({ value }) => value !== '');
}

export const keyChecking = 'stricthostkeychecking';

/** Which lines of the user's a StrictHostKeyChecking for every Host displaces, a sentence each. */
export async function displacedLines(sshOptions: readonly SshOption[], io: Here): Promise<readonly string[]> {
  const ours = sshOptions.find(({ keyword }) => keyword.toLowerCase() === keyChecking);
  if (ours === undefined) return [];
  const said = (await usersTexts(io)).flatMap((text) => settingsOf(text, [keyChecking]));
  const others = new Set(said.map(({ args }) => args.join(' ')).filter((value) => value !== ours.value));
  return [...others].map(
    (value) =>
      `your own StrictHostKeyChecking ${value} counts no longer for these Hosts: -o ${formatSshOption(ours)} stands above it`,
  );
}

/** Time for a ssh that is on a slow disk. Milliseconds. */
const timeoutMs = 5000;

/** Has each ssh here read them: one that it does not accept would end every login by it. Throws a UsageError. */
export async function checkSshOptions(
  { sshOptions = [] }: { readonly sshOptions?: readonly SshOption[] },
  io: Here,
  run: RunTool = runTool,
): Promise<void> {
  const given = sshOptions.filter(({ value }) => value !== '').map(formatSshOption);
  for (const [ssh = 'ssh', ...first] of given.length === 0 ? [] : everySsh(io)) {
    const words = given.flatMap((each) => ['-o', each]);
    const said = await saidBySsh([...first, '-F', 'none', ...words], io.env, run, ssh);
    if (said === undefined || !(await isOpenSsh(io.env, [ssh, ...first]))) continue;
    const why = said.replace(/^command-line:? line 0: /, '');
    const shown = given.map((each) => `-o ${quote(each)}`).join(' ');
    throw new UsageError(`${shown}: ${ssh} does not accept it: ${why}`, 'see man ssh_config');
  }
}

/** Why an OpenSSH here does not accept the configuration of our files, in its own words; undefined if each does. */
export async function refusedConfig(
  { main, own }: { readonly main: string | undefined; readonly own: string },
  io: Here,
): Promise<string | undefined> {
  const isFound = main !== undefined && otherHome(io.env, io.platform) === undefined;
  const file = main ?? own;
  const all = isFound || existsSync(file) ? everySsh(io) : [];
  for (const [at, [ssh = 'ssh', ...first]] of all.entries()) {
    const said = await saidBySsh([...first, ...(isFound ? [] : ['-F', file])], io.env, runTool, ssh);
    // Files of another home may be another user's.
    if (said === undefined || (!isFound && badOwner.test(said))) continue;
    // Another than the typed one need not know the user's own lines.
    if (at > 0 && !said.includes(basename(own))) continue;
    if (await isOpenSsh(io.env, [ssh, ...first])) return said;
  }
  return undefined;
}

const badOwner = /bad owner or permissions/i;

/** Why ssh does not accept a configuration, in its own words; undefined if it does, or is not there. `options`: of ssh. */
async function saidBySsh(options: readonly string[], env: Env, run: RunTool, ssh = 'ssh') {
  try {
    // With CanonicalizePermittedCNAMEs ssh looks every name up.
    const flags = ['-oCanonicalizeHostname=no', '-oHostName=127.0.0.1', ...options, '-G'];
    await run(ssh, sshCommand({ ssh: [], flags, host: 'vmssh' }), { env, timeoutMs });
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'FAILED' ? message.replace(`${ssh}: `, '').replaceAll('\r', '') : undefined;
  }
}
