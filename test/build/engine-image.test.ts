import { expect, it } from 'vitest';
import { compare } from '../../build/engine/image.js';
import { eachRow } from '../helpers/tables/rows.js';

/** Three processes: where their memory and their program lie. */
const places = [
  { base: 0x11111000n, program: 0x7f10_1230_0000n },
  { base: 0x22222000n, program: 0x7f2a_4560_0000n },
  { base: 0x33333000n, program: 0x7e35_7890_0000n },
];

/** What is found in memory whose first word is `word` of each process. */
function found(word: (place: (typeof places)[number], index: number) => bigint) {
  const memories = places.map((place, index) => ({
    memory: { base: place.base, end: place.base + 0x2000n },
    program: { base: place.program, end: place.program + 0x30_0000n },
    saved: 0n,
    words: BigUint64Array.of(word(place, index), ...new Array<bigint>(63).fill(7n)),
  }));
  const { words, ofMemory, ofProgram } = compare(memories);
  expect([...words.subarray(1)]).toEqual(new Array(63).fill(7n));
  return { word: words[0], ofMemory: ofMemory[0], ofProgram: ofProgram[0] };
}

eachRow({
  'the same word': { word: () => 0x1234n, want: { word: 0x1234n, ofMemory: 0n, ofProgram: 0n } },
  'a pointer into the memory': {
    word: ({ base }: { base: bigint }) => base + 0x1ff8n,
    want: { word: 0x1ff8n, ofMemory: 1n, ofProgram: 0n },
  },
  'a pointer into the program': {
    word: ({ program }: { program: bigint }) => program + 0x12_3456n,
    want: { word: 0x12_3456n, ofMemory: 0n, ofProgram: 1n },
  },
  'a number over a pointer into the program': {
    word: ({ program }: { program: bigint }) => (program & ~0xffff_ffffn) | 12n,
    want: { word: 12n, ofMemory: 0n, ofProgram: 0n },
  },
  'the end of a text over a pointer into the memory': {
    word: ({ base }: { base: bigint }) => ((base + 0x1008n) & ~0xffffn) | 0x0061n,
    want: { word: 0x61n, ofMemory: 0n, ofProgram: 0n },
  },
  'code over a pointer that one of them did not have': {
    word: ({ base }: { base: bigint }, index: number) =>
      0x30_2f6en | (index === 0 ? 0n : (base + 0x1008n) & ~0xff_ffffn),
    want: { word: 0x30_2f6en, ofMemory: 0n, ofProgram: 0n },
  },
  'numbers before and behind a byte of a pointer': {
    word: ({ base }: { base: bigint }) => 0x1_0003_0001n | ((base + 0x1008n) & 0xff00_0000n),
    want: { word: 0x1_0003_0001n, ofMemory: 0n, ofProgram: 0n },
  },
  'a byte before, and a number behind, three bytes of a pointer': {
    word: ({ base }: { base: bigint }) => 0xcf5_0000_0001n | ((base + 0x1c00n) & 0xffff_ff00n),
    want: { word: 0xcf5_0000_0001n, ofMemory: 0n, ofProgram: 0n },
  },
  'a number before the hash of an address': {
    word: ({ base }: { base: bigint }) => (((base * 0x9e37_0001n) & 0xffff_ffffn) << 32n) | 1n,
    want: { word: 1n, ofMemory: 0n, ofProgram: 0n },
  },
})('$name is found', ({ word, want }) => {
  expect(found(word)).toEqual(want);
});

it.each([
  ['a time', (_: unknown, index: number) => 1_700_000_000_000n + BigInt(index)],
  ['an address of libc', ({ program }: { program: bigint }) => program - 0x1000n],
  ['an address behind the memory', ({ base }: { base: bigint }) => base + 0x2001n],
  ['another offset', ({ base }: { base: bigint }, index: number) => base + BigInt(8 * index)],
  ['another page', ({ base }: { base: bigint }, index: number) => base + BigInt(4096 * (index >> 1))],
  [
    'a pointer that one of them does not have',
    ({ base }: { base: bigint }, index: number) => (index === 0 ? 0n : base + 0x1000n),
  ],
  ['what differs only in the third', (_: unknown, index: number) => (index === 2 ? 1n : 0n)],
])('$0 is refused', (_name, word) => {
  expect(() => found(word)).toThrow(/^word 0 of the engine's image depends on the process: /);
});

it('refuses memory of another length', () => {
  const memory = (length: number) => ({
    memory: { base: 0n, end: 1n },
    program: { base: 0n, end: 1n },
    saved: 0n,
    words: new BigUint64Array(length),
  });
  expect(() => compare([memory(64), memory(128)])).toThrow('another length');
});
