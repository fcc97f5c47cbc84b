import { write } from 'engine:files';

/** Writes all of it, however much the system takes at once. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += write(descriptor, bytes.subarray(at));
}
