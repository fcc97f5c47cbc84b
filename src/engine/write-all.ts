import { write } from 'engine:files';

/** Writes everything, in as many calls as needed. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += write(descriptor, bytes.subarray(at));
}
