import { readFileSync } from 'node:fs';

/** A recorded answer: "virsh/libvirt9.0.0-lists.txt". */
export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
}
