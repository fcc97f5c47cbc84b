import { printable, quote } from '../../base/errors.js';
import { type OwnOptions, ownArgs } from '../../typed/proxy-args.js';

export interface ProxyCall extends OwnOptions {
  readonly program: readonly string[];
  /** The system of the ssh that reads it. */
  readonly platform?: NodeJS.Platform;
  /** Undefined: the host that ssh was called with. */
  readonly target?: string;
  /** Undefined: ssh's own port, at most 65535. */
  readonly port?: number;
  /** Whether that ssh knows %n: the host as it was typed. False for those before 8.1. */
  readonly givesTyped?: boolean;
  /** Whether ssh asks vmssh for the host key of what was reached. */
  readonly record?: boolean;
  /** Whether ssh's user was named; with `bring` only. Otherwise this host's own user stands for none. */
  readonly namesUser?: boolean;
}

/** The argument of ProxyCommand. Throws a RangeError. */
export function proxyCommand(call: ProxyCall) {
  const { program, platform, target, port, givesTyped = true, record = false, namesUser, ...options } = call;
  // Git's ssh has sh start it, which expands these in double quotes, and Windows knows no other quotes.
  const odd = program.find((word) => platform === 'win32' && /[$`]/.test(word));
  if (odd !== undefined)
    throw new RangeError(
      `the shell of Git's ssh would expand $ or a backquote in ${quote(odd)}: rename its folder`,
    );
  const mark = platform === 'win32' ? '"' : "'";
  const typed = `${givesTyped ? `--typed ${mark}%n${mark} ` : ''}${mark}%h${mark} %p`;
  return [
    ...[...program, 'proxy', ...ownArgs(options), ...(record ? ['--record'] : [])].map((word) =>
      proxyWord(word, platform),
    ),
    ...(options.bring ? [`--${namesUser ? 'login' : 'ssh-user'} ${mark}%r${mark}`] : []),
    target === undefined ? typed : `${proxyWord(target, platform)} ${port ?? '%p'}`,
  ].join(' ');
}

/** Whether a ProxyCommand calls our proxy, for any target. */
export function callsProxy(command: string): boolean {
  return /\bproxy .*\S %p$/.test(command.trimEnd());
}

/** Whether a ProxyCommand calls our proxy with the host that ssh was called with. */
export function isOurProxy(command = ''): boolean {
  return /\bproxy .*["']%h["'] %p$/.test(command.trimEnd());
}

/** A word of a ProxyCommand: ssh, of that platform, expands percents, then a shell reads it. Throws a RangeError. */
export function proxyWord(text: string, platform: NodeJS.Platform = 'linux'): string {
  const percent = checkText(text).replaceAll('%', '%%');
  if (platform === 'win32') return windowsWord(percent);
  // Even inside single quotes ssh reads a backslash before a quote as an escape: backslashes go outside of them.
  return /^[\w@+=:,./%-]+$/.test(percent) ? percent : `'${percent.replaceAll(/['\\]/g, (c) => `'\\${c}'`)}'`;
}

// Windows' ssh starts the command by CreateProcess, without a shell, since 7.7 at least. It knows double quotes, which no
// Windows path contains, and accepts slashes, while a backslash could be an escape.
// https://github.com/PowerShell/openssh-portable/blob/v7.7.2.0/sshconnect.c
function windowsWord(text: string): string {
  const path = text.replaceAll('\\', '/').replaceAll('"', '');
  return /^[\w@+=:,.%-]+$/.test(path) ? path : `"${path}"`;
}

/** A text whose percents ssh expands, and no shell: a path, or a word of KnownHostsCommand. Throws a RangeError. */
export function pathArgument(text: string): string {
  return configArgument(text.replaceAll('%', '%%'));
}

/** An argument of a keyword, in double quotes if necessary (ssh_config(5)). Throws a RangeError. */
export function configArgument(text: string): string {
  if (/^[\w@+:,./%~-]+$/.test(checkText(text))) return text;
  return `"${text.replaceAll(/["\\]/g, (c) => `\\${c}`)}"`;
}

/** Whether a text may be in a line of ssh's configuration: nothing in it ends the line early, or controls a terminal that shows it. */
export function isForLine(text: string): boolean {
  // Most are: the tables of Unicode are not read for them.
  return /^[ -~]*$/.test(text) || !/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u.test(text);
}

// Bytes that are not UTF-8 are U+FFFD on Node and half a surrogate pair in the executable: the file would name another path.
function checkText(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  if (/[\ufffd\u{d800}-\u{dfff}]/u.test(text))
    throw new RangeError(
      `text with bytes that are not UTF-8 cannot be written to an ssh_config: ${printable(text)}; rename the file or its folder`,
    );
  if (isForLine(text)) return text;
  throw new RangeError(`text with control characters cannot be written to an ssh_config: ${printable(text)}`);
}
