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
    { name: 'vmssh', bytes: elf(62), place: 'dist/linux-x64/vmssh' },
    { name: 'vmssh', bytes: elf(183), place: 'dist/linux-arm64/vmssh' },
    { name: 'sshd-auth', bytes: elf(183), place: 'dist/sshd/linux-arm64/sshd-auth' },
    { name: 'x.node', bytes: elf(62), place: 'native/prebuilds/linux-x64/node-hvsock-native.node' },
    { name: 'x.node', bytes: elf(183), place: 'native/prebuilds/linux-arm64/node-hvsock-native.node' },
    { name: 'vmssh.exe', bytes: Buffer.from('MZ…'), place: 'dist/win32-x64/vmssh.exe' },
    {
      name: 'x.node',
      bytes: Buffer.from('MZ…'),
      place: 'native/prebuilds/win32-x64/node-hvsock-native.node',
    },
    { name: 'vmssh_1_amd64.deb', bytes: Buffer.from('!<arch>'), place: 'dist/package/vmssh_1_amd64.deb' },
    { name: 'empty', bytes: Buffer.alloc(0), place: 'dist/package/empty' },
  ])('is compared with $place', ({ name, bytes, place }) => {
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
    { name: 'an rpm that is signed', bytes: rpm(7, 1234, 'the rest'), want: 'the rest' },
    { name: 'one that is not', bytes: rpm(5, 1200, 'the rest'), want: 'the rest' },
    { name: 'another file', bytes: Buffer.from('!<arch>'), want: '!<arch>' },
    {
      name: 'less than an rpm',
      bytes: rpm(5, 8, '').subarray(0, 100),
      want: rpm(5, 8, '').toString('latin1', 0, 100),
    },
  ])('is compared without the signature of an rpm: $name', ({ bytes, want }) => {
    expect(unsignedRpm(bytes).toString('latin1')).toBe(want);
  });

  it('has to be there, before anything is built', async () => {
    const compare = (...files: string[]) => run([process.execPath, 'build/package/compare.js', ...files]);
    expect(await compare()).toMatchObject({ code: 2, stderr: expect.stringContaining('no FILE given') });
    expect(await compare('/no/such')).toMatchObject({ code: 2, stderr: expect.stringContaining('ENOENT') });
  });
});
