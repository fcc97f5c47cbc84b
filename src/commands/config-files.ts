import { stat } from 'node:fs/promises';
import { quote } from '../errors.js';
import { readBytes } from '../read-file.js';

/** A file of ssh's as it is now. */
export interface CurrentFile {
  /** Undefined: there is none. */
  readonly text: string | undefined;
  /** Why it is not for vmssh to change. */
  readonly byHand?: string | undefined;
}

/** Reads a file that may not be there. Throws an errno's error that names it. */
export async function fileAt(path: string | undefined): Promise<CurrentFile> {
  if (path === undefined) return { text: undefined };
  try {
    const [bytes, { mode }] = await Promise.all([readBytes(path), stat(path)]);
    const text = bytes.toString();
    if (!Buffer.from(text).equals(bytes)) return { text, byHand: 'is not UTF-8, and would be damaged' };
    // Who manages it elsewhere sets it read-only, and overwrites it some day.
    return { text, byHand: (mode & 0o222) === 0 ? 'is read-only' : undefined };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { text: undefined };
    throw fileError(error as NodeJS.ErrnoException, path, 'read');
  }
}

/** The same error, with the file that it is about. */
export function fileError(error: NodeJS.ErrnoException, path: string, wanted: 'read' | 'written'): Error {
  const { code, syscall, message } = error;
  const words = `${quote(path)} cannot be ${wanted}: ${message}`;
  return Object.assign(new Error(words, { cause: error }), { code, syscall });
}
