import { readFileSync } from 'node:fs';
import { isCompiled } from '../base/runtime.js';

/** What Linux keeps of a process as it was started, one text after the other, each with a NUL at its end. */
type Kept = '/proc/self/cmdline' | '/proc/self/environ';

/**
 * The first argument or variable that is not UTF-8, with U+FFFD: as Node has it in `texts`, it would name another file.
 * Undefined if there is none, where nobody knows, and for the executable, which hands on the bytes themselves.
 */
export function otherBytes(
  file: Kept,
  texts: readonly string[],
  read: (path: string) => Uint8Array = (path) => readFileSync(path),
): string | undefined {
  if (isCompiled || !texts.some((text) => text.includes('\ufffd'))) return undefined;
  const bytes = bytesOf(file, read);
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(0, from);
    const part = bytes.subarray(from, end < 0 ? bytes.length : end);
    const text = utf8.decode(part);
    if (!Buffer.from(text).equals(part)) return text;
    from += part.length + 1;
  }
  return undefined;
}

function bytesOf(file: Kept, read: (path: string) => Uint8Array): Uint8Array {
  try {
    return read(file);
  } catch {
    return new Uint8Array(); // another system, or no /proc
  }
}
