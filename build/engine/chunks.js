/** @import { Target } from './toolchains.js' */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from '../bundle/pack.js';

/** The chunk of what every start needs, as in native/engine/core/chunks.h. */
export const first = 'main.mjs';

/** Larger chunks are packed: they are of commands that do more than a login, which does not have to unpack any. */
const packedFrom = 16_384;

/** The first bytes of the room for the image. */
export const imageMark = 'vmssh image room';

/** What the memory of the image is aligned to, in bytes. */
export const imagePage = 4096;

/** Where read-only data is, and what follows it. */
const elf = ['.rodata', '  .section .note.GNU-stack,"",%progbits\n'];
const coff = ['.rdata,"dr"', ''];

/**
 * Writes what links the chunks' bytecode, FOLDER/NAME.code, into a program: two source files, whose paths it returns.
 * @param {string} folder
 * @param {readonly string[]} names
 * @param {Target} target
 * @param {import('./limits.js').Limits} limits
 * @param {number} imageRoom bytes
 */
export function writeChunkTable(folder, names, target, limits, imageRoom) {
  const assembly = join(folder, 'chunks.S');
  const [section = '', end = ''] = target === 'win32-x64' ? coff : elf;
  const data = names.map((name, index) => chunk(folder, name, index));
  const texts = [
    ...[`  .section ${section}\n`, globalLabel('chunkData'), ...data.map(({ bytes }) => bytes)],
    ...['  .balign 4\n', globalLabel('chunks'), ...data.map(({ row }) => row)],
  ];
  writeFileSync(assembly, [...texts, roomFor(imageRoom, section), end].join(''));
  const table = join(folder, 'chunks.cpp');
  writeFileSync(
    table,
    `#include "core/chunks.h"

namespace engine {

const std::size_t chunkCount = ${names.length};
const std::size_t imageRoomSize = ${imageRoom};
const Limits limits = {${limits.memory}, ${limits.stack}, ${limits.turnMs}};

}  // namespace engine
`,
  );
  return [assembly, table];
}

/** @param {string} name */
function globalLabel(name) {
  return `  .globl ${name}\n${name}:\n`;
}

/**
 * Its name and bytecode, and its row of the table, as native/engine/core/chunks.h has it.
 * @param {string} folder
 * @param {string} name
 * @param {number} index
 */
function chunk(folder, name, index) {
  const path = join(folder, `${name}.code`);
  const code = readFileSync(path);
  const isPacked = name !== first && code.length >= packedFrom;
  if (isPacked) writeFileSync(`${path}.packed`, pack(code));
  const [label, text, over] = ['code', 'name', 'end'].map((part) => `.L${part}${index}`);
  return {
    bytes: `${text}: .asciz "${name}"
  .balign 16
${label}: .incbin "${isPacked ? `${path}.packed` : path}"
${over}:
`,
    row: `  .long ${text} - chunkData, ${label} - chunkData, ${over} - ${label}, ${isPacked ? code.length : 0}\n`,
  };
}

/** @param {number} bytes @param {string} section */
function roomFor(bytes, section) {
  return `  .section ${section}
  .balign ${imagePage}
  .globl imageRoom
imageRoom:
  .ascii "${imageMark}"
  .space ${Math.max(bytes, 2 * imageMark.length) - imageMark.length}
`;
}
