import { read } from 'engine:files';
import { toBuffer } from '../globals/buffer.js';

const chunk = 65536;

/** Reads from a descriptor's position to the end. */
export function readAll(descriptor: number): Buffer {
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = read(descriptor, chunk);
    if (part.length === 0) break;
    parts.push(part);
  }
  const [only] = parts;
  return parts.length === 1 && only ? (toBuffer(only) as unknown as Buffer) : Buffer.concat(parts);
}
