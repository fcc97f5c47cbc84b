import { fstatSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** Stdin as a stream. Throws EISDIR if it is a folder, whose stream in Node just ends. */
export function standardInput(): Readable {
  if (process.platform !== 'win32' && fstatSync(0).isDirectory()) readSync(0, Buffer.alloc(1));
  return process.stdin;
}
