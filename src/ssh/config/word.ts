import { printable } from '../../errors.js';

/**
 * A word of a ProxyCommand: ssh expands its percents, then a shell reads it. Before both, ssh wants quotes to be paired,
 * and takes a backslash in front of one for an escape even between single quotes; so a backslash stands outside of them.
 * Throws a RangeError where a text cannot stand in an ssh_config at all. `platform`: whose ssh reads it.
 */
export function proxyWord(text: string, platform: NodeJS.Platform = 'linux'): string {
  const percent = checked(text).replaceAll('%', '%%');
  if (platform === 'win32') return windowsWord(percent);
  return /^[\w@+=:,./%-]+$/.test(percent) ? percent : `'${percent.replaceAll(/['\\]/g, (c) => `'\\${c}'`)}'`;
}

// Windows' ssh starts the line without a shell, which older ones put in between; both know double quotes, that no path
// there holds, and take slashes, where a backslash may stand for an escape.
function windowsWord(text: string): string {
  const path = text.replaceAll('\\', '/').replaceAll('"', '');
  return /^[\w@+=:,.%-]+$/.test(path) ? path : `"${path}"`;
}

/** A path as the argument of a keyword whose percents ssh expands: IdentityFile, UserKnownHostsFile. Throws a RangeError. */
export function pathArgument(path: string): string {
  return configArgument(path.replaceAll('%', '%%'));
}

/** An argument of a keyword, in double quotes where it has to be (ssh_config(5)). Throws a RangeError. */
export function configArgument(text: string): string {
  if (/^[\w@+:,./%~-]+$/.test(checked(text))) return text;
  return `"${text.replaceAll(/["\\]/g, (c) => `\\${c}`)}"`;
}

// Neither a line of the file may end early, nor a terminal that shows it be steered.
function checked(text: string): string {
  if (!/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u.test(text)) return text;
  throw new RangeError(`text with control characters cannot be written to an ssh_config: ${printable(text)}`);
}
