import { printable, quote } from '../base/errors.js';
import { readTextSync } from '../files/read-sync.js';
import type { Finding, ProgressLine } from '../guest/report.js';
import { asTarget, parseTarget, type Target } from '../kinds/kinds.js';
import { splitUser } from '../reach/login.js';
import { checkUserName } from '../typed/names.js';
import { parsePort } from '../typed/numbers.js';
import { shellLine, wordsToType } from '../typed/shell.js';
import { flag, oneOf, parsed, type RawArgs, textOption, UsageError, usage, verbose } from './command.js';
import type { FormatRows } from './rows.js';

/** HOST as it was typed, and how to get in: by exec its manager is still to be found. */
export interface HostFlags {
  readonly host: string;
  readonly by: 'ssh' | 'target' | 'wsl' | 'exec';
  readonly sshConfig: string | undefined;
}

export const byOption = oneOf<HostFlags['by']>({
  long: 'by',
  value: 'WAY',
  choices: ['ssh', 'target', 'wsl', 'exec'],
  summary:
    "how to get in: ssh, target, wsl, or exec, the machine's own manager (default: by what HOST looks like)",
});
export const sshConfigOption = textOption({
  long: 'ssh-config',
  value: 'FILE',
  summary: "ssh's configuration file, as for ssh -F",
});

export const targetOption = parsed(
  {
    long: 'target',
    value: 'TARGET',
    takes: 'target',
    summary: 'how this host reaches the guest (default: by the CID that the guest reports)',
  },
  (text) => {
    parseTarget(text);
    return text;
  },
);

/** HOST with --by, or `by` in its place, and --ssh-config. Throws a UsageError, or a ConnectError for an invalid target. */
export function hostFlags(
  host: string,
  raw: RawArgs,
  by = byOption.read(raw) ?? usualEntry(host),
): HostFlags {
  if (host === '' || host.startsWith('-') || /[\p{Cc}\s]/u.test(host)) {
    throw new UsageError(`${quote(host)} cannot be a host`);
  }
  const { user } = splitUser(host);
  if (user !== undefined) usage(() => checkUserName(user));
  if (by === 'target') parseTarget(splitUser(host).host);
  return { host, by, sshConfig: sshConfigOption.read(raw) };
}

/** WSL for wsl/DISTRO, our own proxy for other targets, ssh for the rest. */
export function usualEntry(host: string): HostFlags['by'] {
  const target = targetOf(host);
  if (target === undefined) return 'ssh';
  return target.kind === 'wsl' ? 'wsl' : 'target';
}

/** The target in a text, without its "user@"; undefined if it has no target. */
export function targetOf(host: string): Target | undefined {
  return asTarget(splitUser(host).host);
}

/** The target that HOST is, as it was typed. */
export function targetIn(host: string): string | undefined {
  return targetOf(host) === undefined ? undefined : splitUser(host).host;
}

export const guestPortOption = parsed(
  { long: 'port', short: 'p', value: 'PORT', summary: 'the vsock port of sshd (default 22)' },
  (text) => {
    const port = parsePort(text);
    if (port === 0) throw new UsageError('--port takes 1 to 4294967294, not 0');
    return port;
  },
);

/** An account's name by the rules of useradd(8). Throws a UsageError. */
export function accountName(text: string): string {
  if (isAccountName(text)) return text;
  throw new UsageError(`${quote(text)} cannot be the name of an account`);
}

export function isAccountName(text: string): boolean {
  return /^[A-Za-z_][\w.-]{0,31}\$?$/.test(text);
}

export const sharedHomeOption = flag({
  long: 'shared-home',
  summary: "go on if the key goes into a home of this host's, which the machine shares",
});

export const everyStepOption = verbose('show every step, also what is as it should be');

/** The lines of a public key file. Throws a RangeError that says what is wrong with it, and never quotes a private key. */
export function readKeys(
  path: string,
  read: (path: string) => string = (p) => readTextSync(p, 1 << 20, true),
): readonly string[] {
  let text: string;
  try {
    text = read(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EISDIR' ? 'is a folder' : `cannot be read: ${code ?? message}`;
    throw new RangeError(`the key file ${quote(path)} ${why}`);
  }
  if (text.includes('PRIVATE KEY')) {
    throw new RangeError(`${quote(path)} is a private key: give the public one, ${quote(`${path}.pub`)}`);
  }
  // Editors on Windows mark UTF-8, and sshd would not know a key after the mark.
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  const keys = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const strange = keys.find(
    (key) => !looksLikeKey.test(key) || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(key.replaceAll('\t', ' ')),
  );
  const broken = strange === undefined ? undefined : keyInTwoLines.exec(text);
  if (broken) {
    const line = text.slice(0, broken.index).split('\n').length;
    throw new RangeError(`${quote(path)}, line ${line}: the key is broken into two lines`);
  }
  if (keys.length === 0 || strange !== undefined) {
    throw new RangeError(`${quote(path)} has no public keys, one per line, as ssh-keygen writes them`);
  }
  return keys;
}

/** A key that a terminal or a mail broke into two lines. */
const keyInTwoLines =
  /(?<=^|[ \t])(ssh-|ecdsa-|sk-)[\w@.-]+([ \t]+AAAA[A-Za-z0-9+/]*)?\r?\n[A-Za-z0-9+/]+={0,2}([ \t]|\r?$)/m;

/** Options may come before the type: see authorized_keys in sshd(8). */
const looksLikeKey = /(^|[ \t])(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/]{20,}={0,2}([ \t]|$)/;

/** A line of a guest script, for people. `exec`: the words of the machine's manager, for a fix that can be pasted on this host. */
export function formatProgress(
  { state, step, message }: ProgressLine,
  format: FormatRows,
  exec?: readonly string[],
): string {
  if (state === 'end') return '';
  const name = step === 'name-lookup' ? 'name lookup' : step;
  if (state !== 'fix' && state !== 'hint')
    return format([{ mark: marks[state], name: name.padEnd(13), text: message }], 2);
  const fix = state === 'fix' ? fixHere(message, exec) : undefined;
  return fix ? format([{ fix }], 2) : format([{ text: `${state}, as the guest gives it: ${message}` }], 4);
}

/** A fix in a machine as a command of this host; undefined if it cannot be pasted. Managers of containers take the first digits of an id. */
export function fixHere(fix: string, exec: readonly string[] | undefined): string | undefined {
  if (exec === undefined || printable(fix) !== fix) return undefined;
  const shorter = wordsToType(exec).map((word) => (/^[0-9a-f]{64}$/.test(word) ? word.slice(0, 12) : word));
  return shellLine([...shorter, '/bin/sh', '-c', fix]);
}

const marks = { ok: 'ok', changed: 'add', skipped: 'none', failed: 'wrong' } as const;

/** A finding, and below it what to do. */
export function formatFinding(finding: Finding, format: FormatRows, exec?: readonly string[]): string {
  const { name, state, found } = finding;
  return formatProgress({ state, step: name, message: found }, format) + formatHelp(finding, format, exec);
}

export function formatHelp(
  { name: step, fix, hint, by }: Finding,
  format: FormatRows,
  exec?: readonly string[],
): string {
  const said = (state: 'fix' | 'hint', message = '') =>
    message && formatProgress({ state, step, message }, format, exec);
  return (by ? said('fix', fix) : format([{ fix }], 2)) + said('hint', hint);
}

export function isWrong({ state }: Finding): boolean {
  return state === 'failed' || state === 'skipped';
}
