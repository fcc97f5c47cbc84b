import { printable } from '../errors.js';

/**
 * A word of a ProxyCommand: ssh expands its percents, then a shell reads it. Before both, ssh wants quotes to be paired,
 * and takes a backslash in front of one for an escape even between single quotes; so a backslash stands outside of them.
 * Throws a RangeError where a text cannot stand in an ssh_config at all. `platform`: whose ssh reads it.
 */
export function shellWord(text: string, platform: NodeJS.Platform = 'linux'): string {
  const percent = checked(text).replaceAll('%', '%%');
  // Windows' ssh hands the line to cmd.exe, which knows double quotes alone; no path there holds one.
  if (platform === 'win32')
    return /^[\w@+=:,./\\%-]+$/.test(percent) ? percent : `"${percent.replaceAll('"', '')}"`;
  return /^[\w@+=:,./%-]+$/.test(percent) ? percent : `'${percent.replaceAll(/['\\]/g, (c) => `'\\${c}'`)}'`;
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

function checked(text: string): string {
  if (!/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) return text;
  throw new RangeError(`a text with control characters cannot stand in an ssh_config: ${printable(text)}`);
}
