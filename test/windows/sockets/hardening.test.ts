import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repo } from '../bed/paths.js';

/** IMAGE_DLLCHARACTERISTICS of the PE format. */
const wanted = { HIGH_ENTROPY_VA: 0x20, DYNAMIC_BASE: 0x40, NX_COMPAT: 0x100 };

it.each(['dist/win32-x64/vmssh.exe', 'native/prebuilds/win32-x64/node-hvsock-native.node'])(
  '%s is placed at random addresses of 64 bits, and runs no data',
  (name) => {
    const file = readFileSync(join(repo, name));
    const header = file.readUInt32LE(0x3c);
    expect(file.toString('latin1', header, header + 4)).toBe('PE\0\0');
    const characteristics = file.readUInt16LE(header + 24 + 70);
    const missing = Object.entries(wanted).flatMap(([flag, bit]) => (characteristics & bit ? [] : [flag]));
    expect(missing).toEqual([]);
    // Random addresses need the table of what to change then: IMAGE_FILE_RELOCS_STRIPPED.
    expect(file.readUInt16LE(header + 22) & 1).toBe(0);
  },
);
