import { CommandError } from '../../cli/command.js';
import { quote } from '../../errors.js';
import { type FileContent, readSafely } from '../../files/read-at.js';

/** A file of ssh's as it is now. */
export interface CurrentFile {
  /** Undefined: there is none. */
  readonly text: string | undefined;
  /** Why it is not for vmssh to change. */
  readonly byHand?: string | undefined;
}

/** Reads a file that may not be there. Throws an error that names it. */
export async function fileAt(path: string | undefined): Promise<CurrentFile> {
  if (path === undefined) return { text: undefined };
  let content: FileContent | undefined;
  try {
    content = await readSafely(path);
  } catch (error) {
    throw fileError(error as NodeJS.ErrnoException, path, 'read');
  }
  if (!content) return { text: undefined };
  const { bytes, mode } = content;
  const text = bytes.toString();
  if (!Buffer.from(text).equals(bytes)) return { text, byHand: 'is not UTF-8, and would be damaged' };
  // Whoever manages it elsewhere sets it read-only, and overwrites it some day.
  return { text, byHand: (mode & 0o222) === 0 ? 'is read-only' : undefined };
}

/** An error of reading or changing a file, with the file that it is about. */
export function fileError(
  error: NodeJS.ErrnoException & { readonly hint?: string | undefined },
  path: string,
  wanted: 'read' | 'written' | 'changed',
): CommandError {
  const { code = 'UNKNOWN', hint } = error;
  return new CommandError(code, `${quote(path)} cannot be ${wanted}: ${reasonOf(error)}`, hint);
}

/** An error's message without the path that Node adds: it may be that of a temporary file. */
export function reasonOf({ message }: Error): string {
  return message.replace(/, \w+(?: '.*)?$/s, '');
}
