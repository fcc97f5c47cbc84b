import { dirname } from 'node:path';
import { quote } from '../base/errors.js';
import { CommandError } from '../cli/command.js';
import { type FileContent, readSafely } from '../files/place.js';
import { reasonOf } from '../files/read-sync.js';
import { goneFolder } from '../ssh/folder.js';
import { shellQuoted } from '../typed/shell.js';

export interface CurrentFile {
  /** Undefined: there is none. */
  readonly text: string | undefined;
  /** Why vmssh must not change it. */
  readonly byHand?: string;
  /** The file belongs to another user than the caller and root: nothing is taken from it. */
  readonly isOthers?: true | undefined;
}

/** Reads a file that may not exist; `reader`: whether ssh is one. Throws an error that names it. */
export async function fileAt(
  path: string | undefined,
  reader: 'ssh' | 'any' = 'ssh',
  us: number | undefined = process.geteuid?.(),
): Promise<CurrentFile> {
  if (path === undefined) return { text: undefined };
  let content: FileContent | undefined;
  try {
    content = await readSafely(path);
  } catch (error) {
    throw fileError(error as NodeJS.ErrnoException, path, 'read');
  }
  if (!content) return { text: undefined };
  const { bytes, uid } = content;
  const text = bytes.toString();
  if (reader === 'ssh' && text.includes('\0'))
    throw new CommandError(
      'EILSEQ',
      `${quote(path)} has NUL bytes, as UTF-16 has, which ssh does not read`,
      'save it as UTF-8, in Notepad by "Save as"',
    );
  // Root's own home may be of another user in a container.
  const isOthers = us && uid !== us && uid !== 0 ? true : undefined;
  return { text, isOthers, byHand: whyByHand(content, text, isOthers, us) };
}

function whyByHand({ bytes, mode, names, uid }: FileContent, text: string, isOthers = false, us = 0) {
  if (!Buffer.from(text).equals(bytes)) return 'is not UTF-8, and would be damaged';
  // A new file takes its place: the other names would stay with the old one.
  if (names > 1) return `has ${names} names (hard links), and the others would not follow`;
  // A new file in its place would be ours, and Puppet or who else made it would lose it. Root gives it its owner.
  if (us && uid !== us) return `belongs to ${isOthers ? 'another user' : 'root'}, who may manage it`;
  // A read-only file is managed by another tool, which would overwrite our change.
  return (mode & 0o222) === 0 ? 'is read-only' : undefined;
}

export function fileError(
  error: NodeJS.ErrnoException & { readonly hint?: string },
  path: string,
  wanted: 'read' | 'written' | 'changed',
  platform: NodeJS.Platform = process.platform,
): CommandError {
  const { code = 'UNKNOWN', hint } = error;
  const isTooLong =
    platform === 'win32' && path.length >= maxWindowsPath && ['UNKNOWN', 'ENAMETOOLONG'].includes(code);
  const why = isTooLong
    ? `its path has ${path.length} characters, and Windows takes less than ${maxWindowsPath} (${code})`
    : reasonOf(error);
  const look = `${platform === 'win32' ? 'icacls' : 'ls -ld'} ${shellQuoted(path)}`;
  const yours = `it must be yours: see ${look}`;
  const reads: Readonly<Record<string, string>> = {
    ...{ EACCES: yours, EPERM: yours, EINVAL: `see what it is, and give it another name: ${look}` },
  };
  const fix = isTooLong
    ? shorter
    : (hint ?? (wanted === 'read' ? reads[code] : undefined) ?? goneFolder(dirname(path)));
  return new CommandError(code, `${quote(path)} cannot be ${wanted}: ${why}`, fix);
}

/** https://learn.microsoft.com/en-us/windows/win32/fileio/maximum-file-path-limitation */
const maxWindowsPath = 260;
const shorter =
  'use a profile with a shorter path, or in an elevated terminal: reg add HKLM\\SYSTEM\\CurrentControlSet\\Control\\FileSystem /v LongPathsEnabled /t REG_DWORD /d 1';

/** A file to write; `after` undefined: the file is removed. */
export interface Change {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** For a new file. */
  readonly mode: number;
  /** A file beside it, whose access list a new one gets on Windows. */
  readonly like?: string | undefined;
  /** Why the user has to make this change. */
  readonly byHand?: string;
}
