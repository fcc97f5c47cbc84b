import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { firstDifference, placeOf, unsignedRpm } from '../../../build/package/shipped.js';
import { run } from '../../helpers/run.js';

function elf(machine: number): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.write('\x7fELF', 'latin1');
  bytes.writeUInt16LE(machine, 18);
  return bytes;
}

/** A lead, a header of signatures of so many entries and so much data, and what follows. */
function rpm(entries: number, data: number, rest: string): Buffer {
  const bytes = Buffer.alloc(112 + 16 * entries + data + ((8 - (data % 8)) % 8), 's');
  bytes.writeUInt32BE(0xedabeedb, 0);
  bytes.writeUInt32BE(0x8eade801, 96);
  bytes.writeUInt32BE(entries, 104);
  bytes.writeUInt32BE(data, 108);
  return Buffer.concat([bytes, Buffer.from(rest)]);
}

describe('what was shipped', () => {
  it.each([
    ['vmssh', elf(62), 'dist/linux-x64/vmssh'],
    ['vmssh', elf(183), 'dist/linux-arm64/vmssh'],
    ['sshd-auth', elf(183), 'dist/sshd/linux-arm64/sshd-auth'],
    ['x.node', elf(62), 'native/prebuilds/linux-x64/node-hvsock-native.node'],
    ['x.node', elf(183), 'native/prebuilds/linux-arm64/node-hvsock-native.node'],
    ['vmssh.exe', Buffer.from('MZ…'), 'dist/win32-x64/vmssh.exe'],
    ['x.node', Buffer.from('MZ…'), 'native/prebuilds/win32-x64/node-hvsock-native.node'],
    ['vmssh_1_amd64.deb', Buffer.from('!<arch>'), 'dist/package/vmssh_1_amd64.deb'],
    ['empty', Buffer.alloc(0), 'dist/package/empty'],
  ])('is compared with $2', (name, bytes, place) => {
    const found = placeOf(name, bytes);
    expect(found.place).toBe(place);
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    for (const script of found.scripts) expect(Object.keys(scripts)).toContain(script.split(' ')[0]);
  });

  it.each([
    { one: 'abc', other: 'abc', at: undefined },
    { one: 'abc', other: 'abd', at: 2 },
    { one: 'abc', other: 'ab', at: 2 },
    { one: 'ab', other: 'abc', at: 2 },
    { one: '', other: 'a', at: 0 },
  ])('"$one" differs from "$other" at $at', ({ one, other, at }) =>
    expect(firstDifference(Buffer.from(one), Buffer.from(other))).toBe(at),
  );

  it.each([
    ['an rpm that is signed', rpm(7, 1234, 'the rest'), 'the rest'],
    ['one that is not', rpm(5, 1200, 'the rest'), 'the rest'],
    ['another file', Buffer.from('!<arch>'), '!<arch>'],
    ['less than an rpm', rpm(5, 8, '').subarray(0, 100), rpm(5, 8, '').toString('latin1', 0, 100)],
  ])('is compared without the signature of an rpm: $0', (_name, bytes, want) => {
    expect(unsignedRpm(bytes).toString('latin1')).toBe(want);
  });

  it('has to be there, before anything is built', async () => {
    const compare = (...files: string[]) => run([process.execPath, 'build/package/compare.js', ...files]);
    expect(await compare()).toMatchObject({ code: 2, stderr: expect.stringContaining('no FILE given') });
    expect(await compare('/proc/none')).toMatchObject({ code: 2, stderr: expect.stringContaining('ENOENT') });
  });
});
