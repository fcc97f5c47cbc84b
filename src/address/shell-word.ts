import { hasControlCharacter } from './control-character.js';

/** One quoted word for a POSIX shell: every value that gets into a script goes through this. Throws a RangeError for a NUL. */
export function shellWord(text: string): string {
  if (text.includes('\0')) throw new RangeError('a shell word cannot contain a NUL');
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A word for a POSIX shell, quoted if necessary: for what a person reads and pastes. */
export function shellQuoted(text: string): string {
  return /^[\w@+=:,./%-]+$/.test(text) ? text : shellWord(text);
}

/** Words as a line for a POSIX shell. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellQuoted).join(' ');
}

/** A word that holds no double quote, as the shells and programs of Windows read it. */
export function windowsQuoted(text: string): string {
  return /^[\w+=:./\\~-]+$/.test(text) ? text : `"${text}"`;
}

/**
 * One quoted word that sh, bash, dash, ksh, zsh, csh, tcsh and fish read alike: for a login shell that may be any of them.
 * Throws a RangeError for a control character, since csh ends a word at a line break.
 */
export function anyShellWord(text: string): string {
  if (hasControlCharacter(text))
    throw new RangeError('a word for any shell cannot contain a control character');
  if (text === '') return "''";
  // csh expands "!" even in quotes, and fish reads a backslash there; each is itself after an unquoted backslash.
  return text.replaceAll(/[^'\\!]+|['\\!]/g, (part) =>
    part === "'" ? `"'"` : part === '\\' || part === '!' ? `\\${part}` : `'${part}'`,
  );
}
