import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { imageMark, imagePage } from './chunks.js';

/**
 * Links `program` with room for an image of its engine, lets it write its memory in three processes, and puts what they have in
 * common into the room. Throws if something in it depends on the process.
 * @param {string} program
 * @param {string} code the file of its first chunk's bytecode
 * @param {(room: number) => Promise<void>} link makes the program with that many bytes of room
 * @param {string} [emulator] the QEMU that runs it, if it is for another processor
 */
export async function linkWithImage(program, code, link, emulator) {
  const command = (/** @type {number} */ space) =>
    emulator ? [emulator, '-R', `${space}`, program] : [program];
  const enough = 4 << 20;
  await link(enough);
  const { length } = await imageOf(command, code);
  // Linked again, the program is at other addresses, and the image has a few more or fewer pointers.
  const room = length + imagePage;
  await link(room);
  const image = await imageOf(command, code);
  const file = readFileSync(program);
  const at = file.indexOf(imageMark);
  if (image.length > room || at < 0 || file.includes(imageMark, at + 1))
    throw new Error(`${program} has no room for an image of ${image.length} bytes`);
  image.copy(file, at);
  writeFileSync(program, file);
}

/**
 * The processes whose memory is compared: where the engine's memory is, and the environment. Each byte of the addresses
 * differs. Their upper halves are 0, so that the remains of a pointer differ in no more than the lower one.
 * QEMU does not choose a program's address at random: it is at the end of the address space, whose size is `space`.
 */
const processes = [
  { at: 0x11111000, space: 0x1111111000, env: {} },
  {
    at: 0x22222000,
    space: 0x2222222000,
    env: { HOME: '/', LANG: 'C.UTF-8', PATH: '/usr/bin:/bin', TZ: 'UTC' },
  },
  { at: 0x33333000, space: 0x3333333000, env: { TERM: 'dumb', TZ: 'Asia/Tokyo', XDG_RUNTIME_DIR: '/run' } },
];

/**
 * As native/engine/image reads it.
 * @param {Command} command
 * @param {string} code
 */
async function imageOf(command, code) {
  /** @type {Memory[]} */
  const memories = [];
  for (const { at, space, env } of processes)
    memories.push(await memoryOf(command(space), [at.toString(16), code], env, memories));
  const { words, ofMemory, ofProgram } = compare(memories);
  const lists = [ofMemory, ofProgram].map(runsOf);
  const mark = Buffer.from(imageMark, 'latin1');
  const length = lists.reduce((sum, each) => sum + each.length, mark.length + 3 * 8);
  const start = Math.ceil(length / imagePage) * imagePage;
  const numbers = BigUint64Array.of(BigInt(words.length), memories[0]?.saved ?? 0n, BigInt(start));
  const gap = new Uint8Array(start - length);
  return Buffer.concat([mark, bytesOf(numbers), ...lists, gap, bytesOf(words)]);
}

/**
 * Which words have a bit: runs of the first one's index and how many there are, and a byte for the step to each from the one
 * before it, up to the next multiple of four. A run of none is the end.
 * @param {BigUint64Array} bits
 */
function runsOf(bits) {
  const all = Array.from({ length: bits.length * 64 }, (_, index) => index).filter(
    (index) => ((bits[index >> 6] ?? 0n) >> BigInt(index & 63)) & 1n,
  );
  /** @type {number[][]} */
  const runs = [];
  for (const index of all) {
    const run = runs.at(-1);
    if (run && index - (run.at(-1) ?? 0) < 256) run.push(index);
    else runs.push([index]);
  }
  const parts = [...runs, []].map((run) => {
    const bytes = Buffer.alloc(8 + Math.ceil(run.length / 4) * 4);
    bytes.writeUInt32LE(run[0] ?? 0, 0);
    bytes.writeUInt32LE(run.length, 4);
    run.forEach((index, at) => {
      bytes[8 + at] = index - (run[at - 1] ?? index);
    });
    return bytes;
  });
  return Buffer.concat(parts);
}

/** @param {BigUint64Array} words */
function bytesOf({ buffer, byteOffset, byteLength }) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** @typedef {(space: number) => string[]} Command how the program is started; its last word is the program */

/**
 * @typedef {object} Range of addresses; a pointer may be to the end
 * @property {bigint} base
 * @property {bigint} end
 *
 * @typedef {object} Memory of one process
 * @property {Range} memory
 * @property {Range} program
 * @property {bigint} saved where the engine itself is found, from the base
 * @property {BigUint64Array} words
 */

/**
 * @param {readonly string[]} command
 * @param {readonly string[]} args the address, and the file of the bytecode
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly Memory[]} others in which the program must be at other addresses
 * @returns {Promise<Memory>}
 */
async function memoryOf(command, args, env, others) {
  const [program = '', ...before] = command;
  const path = `${command.at(-1)}.memory`;
  for (let attempt = 0; attempt < 40; ++attempt) {
    await promisify(execFile)(program, [...before, path, ...args], { env });
    const { buffer } = new Uint8Array(readFileSync(path));
    rmSync(path);
    const head = new BigUint64Array(buffer, 0, 5);
    const [base = 0n, length = 0n, programBase = 0n, programEnd = 0n, saved = 0n] = head;
    if (others.some((other) => other.program.base === programBase)) continue;
    // Its uppermost byte is one of two. If only that is left, it cannot be told from data, so it is always the same one.
    if (before.length === 0 && attempt < 20 && isEven(programBase >> 40n)) continue;
    return {
      memory: { base, end: base + length },
      program: { base: programBase, end: programEnd },
      saved,
      words: new BigUint64Array(buffer, head.byteLength),
    };
  }
  throw new Error(
    'this system starts a program at the same address each time, so that pointers to it cannot be found; see kernel.randomize_va_space',
  );
}

/** @param {bigint} number */
function isEven(number) {
  return number % 2n === 0n;
}

/**
 * The words that all have in common, relative to the base if they are pointers, and a bit for each pointer. Throws if a word differs
 * in another way.
 * @param {readonly Memory[]} memories
 */
export function compare(memories) {
  const length = memories[0]?.words.length ?? 0;
  if (memories.some(({ words }) => words.length !== length))
    throw new Error('the image of the engine has another length in another process');
  const words = new BigUint64Array(length);
  const ofMemory = new BigUint64Array(Math.ceil(length / 64));
  const ofProgram = new BigUint64Array(Math.ceil(length / 64));
  for (let index = 0; index < length; ++index) {
    const all = memories.map((each) => each.words[index] ?? 0n);
    const same = only(all);
    const offset =
      same ??
      offsetIn(
        all,
        memories.map(({ memory }) => memory),
      );
    const ofCode =
      offset ??
      offsetIn(
        all,
        memories.map(({ program }) => program),
      );
    const word = ofCode ?? withoutRemains(all, memories) ?? withoutHash(all);
    if (word === undefined) {
      const texts = all.map((each) => each.toString(16)).join(', ');
      throw new Error(
        `word ${index} of the engine's image depends on the process: ${texts}. What modules make before atStart must not`,
      );
    }
    words[index] = word;
    if (same !== undefined) continue;
    const bits = offset !== undefined ? ofMemory : ofCode !== undefined ? ofProgram : undefined;
    if (bits) bits[index >> 6] = (bits[index >> 6] ?? 0n) | (1n << BigInt(index & 63));
  }
  return { words, ofMemory, ofProgram };
}

/** The one value that all of them are. @param {readonly bigint[]} all */
function only(all) {
  return all.every((each) => each === all[0]) ? all[0] : undefined;
}

/** How far each of them is into its range, if all are as far. @param {readonly bigint[]} all @param {readonly Range[]} ranges */
function offsetIn(all, ranges) {
  const isInside = all.every(
    (each, at) => each >= (ranges[at]?.base ?? 1n) && each <= (ranges[at]?.end ?? 0n),
  );
  return isInside ? only(all.map((each, at) => each - (ranges[at]?.base ?? 0n))) : undefined;
}

/**
 * The word without the bytes in which it differs, if these are a part of a pointer, or of none in some processes: there stood one, of
 * which something shorter has overwritten the rest, and nothing reads these bytes. Whether a shape was linked to another one depends on
 * the hashes of addresses.
 * @param {readonly bigint[]} all
 * @param {readonly Memory[]} memories
 */
function withoutRemains(all, memories) {
  const differing = [0, 1, 2, 3, 4, 5, 6, 7].filter(
    (at) => only(all.map((each) => byteAt(each, at))) === undefined,
  );
  // The bytes in which the addresses of the memory, and of the program, differ: it may be a whole pointer, if nothing stands above these.
  const isHigh = all.every((each, at) => each >> 32n !== (memories[at]?.memory.base ?? 0n) >> 32n);
  const isWhole =
    (!isHigh && [1, 2, 3].every((at) => differing.includes(at))) ||
    [2, 3, 4, 5].every((at) => differing.includes(at));
  // An address differs by pages.
  if (isWhole || differing.includes(0)) return undefined;
  let word = all[0] ?? 0n;
  for (const first of differing.filter((at) => !differing.includes(at - 1))) {
    let end = first + 1;
    while (differing.includes(end)) end += 1;
    const ranges = [memories.map(({ memory }) => memory), memories.map(({ program }) => program)];
    const parts = all.map((each) => BigInt.asUintN(8 * (end - first), each >> BigInt(8 * first)));
    if (!ranges.some((each) => arePart(parts, each, first, end))) return undefined;
    word &= ~(((1n << BigInt(8 * (end - first))) - 1n) << BigInt(8 * first));
  }
  return BigInt.asUintN(64, word);
}

/** @param {bigint} word @param {number} at */
function byteAt(word, at) {
  return BigInt.asUintN(8, word >> BigInt(8 * at));
}

/**
 * Whether these are bytes `first` up to `end` of a pointer that is as far into the range in each process that had one.
 * @param {readonly bigint[]} parts
 * @param {readonly Range[]} ranges
 * @param {number} first
 * @param {number} end
 */
function arePart(parts, ranges, first, end) {
  const shift = BigInt(8 * first);
  const most = ((ranges[0]?.end ?? 0n) - (ranges[0]?.base ?? 0n)) >> shift;
  const offsets = parts.flatMap((part, at) =>
    part === 0n ? [] : [BigInt.asUintN(8 * (end - first), part - ((ranges[at]?.base ?? 0n) >> shift))],
  );
  const [least = 0n, ...others] = offsets.sort((a, b) => (a < b ? -1 : 1));
  // What is carried from the bytes below may be one.
  return others.length > 0 && others.every((each) => each - least <= 1n) && least <= most + 1n;
}

/**
 * The lower half, if the upper one is the hash of an address, which grows by the same in each process: what is left of a shape, since
 * those that are used have other hashes by now (native/engine/image/quickjs.c).
 * @param {readonly bigint[]} all
 */
function withoutHash(all) {
  const hashes = all.map((each) => Number(each >> 32n));
  const steps = hashes.slice(1).map((each, at) => (each - (hashes[at] ?? 0)) >>> 0);
  return new Set(steps).size === 1 ? only(all.map((each) => BigInt.asUintN(32, each))) : undefined;
}
