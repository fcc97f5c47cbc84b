import { ConnectError, errorWith } from '../base/errors.js';
import type { Here } from '../base/runtime.js';
import { hasControlCharacter } from './names.js';

/** The shell into which a person pastes what is printed. "powershell": Windows PowerShell 5, "pwsh": PowerShell 7. */
export type Shell = 'posix' | 'cmd' | 'powershell' | 'pwsh';

/**
 * The shell that probably started this program. On Windows each PowerShell puts a folder of the user's own into
 * PSModulePath, and MSYS2, as Git Bash, sets MSYSTEM. A vmssh inside WSL says how it was called there.
 */
export function shellOf({ platform, env }: Here): Shell {
  if (platform !== 'win32' || env.MSYSTEM || env.VMSSH_CALLED_AS) return 'posix';
  const folders = (env.PSModulePath ?? env.PSMODULEPATH ?? '').toLowerCase().split(';');
  const own = folders.filter(
    (folder) => !folder.includes('\\program files') && !folder.includes('\\system32\\'),
  );
  if (own.some((folder) => /\\powershell\\modules\\?$/.test(folder))) return 'pwsh';
  return own.some((folder) => /\\windowspowershell\\modules\\?$/.test(folder)) ? 'powershell' : 'cmd';
}

/** One quoted word for a POSIX shell: every value that gets into a script goes through this. Throws a RangeError for a NUL. */
export function shellWord(text: string): string {
  if (text.includes('\0')) throw new RangeError('a shell word cannot contain a NUL');
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A word for a shell, quoted if necessary: for what a person reads and pastes. */
export function shellQuoted(text: string, shell: Shell = 'posix'): string {
  return plain[shell].test(text) ? text : quoted[shell](text);
}

/** In a hint: the target that was typed. No name has it, so what another program called `{target}` stays as it is quoted. */
export const targetHere = '\0';

/** A ConnectError about the target that was typed, also in its hint: what opens a socket only names the endpoint. Other errors stay as they are. */
export function withTarget(target: string, error: unknown, shell: Shell = shellOf(process)): unknown {
  if (!(error instanceof ConnectError)) return error;
  const hint = error.hint?.replaceAll(targetHere, () => shellQuoted(target, shell));
  return errorWith(error, { target, hint });
}

/** A text that a message offers to type: in double quotes if every shell reads those alike, else as a word of this shell. */
export function offered(text: string, shell: Shell = 'posix'): string {
  return /["$`\\!]/.test(text) ? quoted[shell](text) : `"${text}"`;
}

export function shellLine(words: readonly string[], shell: Shell = 'posix'): string {
  const line = words.map((word) => shellQuoted(word, shell)).join(' ');
  // PowerShell would print a quoted program as a text.
  return (shell === 'powershell' || shell === 'pwsh') && line.startsWith("'") ? `& ${line}` : line;
}

export function startLine(
  { typed, command }: { readonly typed?: string; readonly command: readonly string[] },
  shell: Shell,
): string {
  return typed ?? shellLine(wordsToType(command), shell);
}

/** The words without an option that Podman gets from a program, and a person does not type. */
export function wordsToType(words: readonly string[]): readonly string[] {
  return words.filter((word) => word !== '--syslog=false');
}

/** A line that renames a file to FILE.old, which it does not overwrite unasked, and then runs another command. */
export function setAside(path: string, then: string, shell: Shell = 'posix'): string {
  const [from, to] = [path, `${path}.old`].map((each) => shellQuoted(each, shell));
  if (shell === 'posix') return `mv -i ${from} ${to} && ${then}`;
  if (shell === 'cmd') return `move ${from} ${to} && ${then}`;
  // Windows PowerShell has no &&.
  return `Move-Item -LiteralPath ${from} ${to} -ErrorAction Stop; ${then}`;
}

/** A word for a program of Windows that no shell reads, or that holds neither a quote nor a percent. */
export function windowsQuoted(text: string): string {
  return plain.cmd.test(text) ? text : argument(text);
}

const windowsPlain = /^[\w+=:./\\~-]+$/;

const plain: Readonly<Record<Shell, RegExp>> = {
  posix: /^(?:[\w@+=:,./%-]|(?!\s)[\u00a1-\uffff])+$/,
  cmd: windowsPlain,
  powershell: windowsPlain,
  pwsh: windowsPlain,
};

const quoted: Readonly<Record<Shell, (text: string) => string>> = {
  posix: shellWord,
  cmd: cmdWord,
  // PowerShell 5 puts quotes around what has a space, and leaves to us what is inside.
  powershell: (text) => powershellWord(/[\s"]/.test(text) ? inner(text) : text),
  pwsh: powershellWord,
};

// In cmd's own quotes a percent is still a variable, and a quote ends them: then each character of its own gets a caret.
function cmdWord(text: string): string {
  const word = argument(text);
  return /["%!^]/.test(text) ? word.replaceAll(/[()%!^"<>&|]/g, '^$&') : word;
}

// PowerShell reads typographic quotes as its own (about_Quoting_Rules).
function powershellWord(text: string): string {
  return `'${text.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`;
}

// https://learn.microsoft.com/en-us/cpp/c-language/parsing-c-command-line-arguments
function argument(text: string): string {
  return `"${inner(text)}"`;
}

function inner(text: string): string {
  let result = '';
  let slashes = 0;
  for (const character of text) {
    if (character === '"') result += '\\'.repeat(slashes + 1);
    slashes = character === '\\' ? slashes + 1 : 0;
    result += character;
  }
  return result + '\\'.repeat(slashes);
}

/** One quoted word that sh, bash, dash, ksh, zsh, csh, tcsh and fish read alike. Throws a RangeError for a control character: csh ends a word at a line break. */
export function anyShellWord(text: string): string {
  if (hasControlCharacter(text))
    throw new RangeError('a word for any shell cannot contain a control character');
  if (text === '') return "''";
  // csh expands "!" even in quotes, and fish reads a backslash there; each is itself after an unquoted backslash.
  return text.replaceAll(/[^'\\!]+|['\\!]/g, (part) =>
    part === "'" ? `"'"` : part === '\\' || part === '!' ? `\\${part}` : `'${part}'`,
  );
}
