/** @import { Target } from './toolchains.js' */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

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
 * @param {readonly string[]} longImageCommands
 */
export function writeChunkTable(folder, names, target, limits, imageRoom, longImageCommands) {
  const data = names.map(
    (name, index) => `  .balign 16
  .globl chunk${index}, chunk${index}End
chunk${index}:
  .incbin "${join(folder, `${name}.code`)}"
chunk${index}End:
`,
  );
  const assembly = join(folder, 'chunks.S');
  const [section, end] = target === 'win32-x64' ? coff : elf;
  writeFileSync(assembly, `  .section ${section}\n${data.join('')}${roomFor(imageRoom)}${end}`);
  const externals = names.map((_, index) => `extern const std::uint8_t chunk${index}[], chunk${index}End[];`);
  const rows = names.map((name, index) => `    {"${name}", chunk${index}, chunk${index}End},`);
  const table = join(folder, 'chunks.cpp');
  writeFileSync(
    table,
    `#include "core/chunks.h"

extern "C" {
${externals.join('\n')}
}

namespace engine {

const Chunk chunks[] = {
${rows.join('\n')}
};
const std::size_t chunkCount = ${names.length};
const std::size_t imageRoomSize = ${imageRoom};
const char* const longImageCommands[] = {${[...longImageCommands, ''].map((each) => JSON.stringify(each)).join(', ')}};
const std::size_t longImageCommandCount = ${longImageCommands.length};
const Limits limits = {${limits.memory}, ${limits.stack}, ${limits.turnMs}};

}  // namespace engine
`,
  );
  return [assembly, table];
}

/** @param {number} bytes */
function roomFor(bytes) {
  return `  .data
  .balign ${imagePage}
  .globl imageRoom
imageRoom:
  .ascii "${imageMark}"
  .space ${Math.max(bytes, 2 * imageMark.length) - imageMark.length}
`;
}
