import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ name: string, begin: RegExp, sum: string, why: string }} Inside */

/**
 * What native/engine/image/quickjs.c and image.js take for granted of QuickJS-ng: a definition in quickjs.c, 16 digits of the
 * SHA-256 of its text without comments and line breaks, and what has to be looked at again when it changes.
 * @type {readonly Inside[]}
 */
const insides = [
  {
    name: 'struct JSObject',
    begin: /^struct JSObject \{/m,
    sum: 'b0faca50ec1f8702',
    why: 'tidyObjects clears the bits of its flags that no field has: nine are used, before class_id',
  },
  {
    name: 'struct JSVarRef',
    begin: /^typedef struct JSVarRef \{/m,
    sum: '4a67489f9bee8046',
    why: 'tidyObjects clears the bytes between is_coro and pvalue',
  },
  {
    name: 'struct JSShape',
    begin: /^struct JSShape \{/m,
    sum: '72e0b3ca759e6e2e',
    why: 'tidyObjects clears the bytes between is_hashed and hash, and makes hash and shape_hash_next anew',
  },
  {
    name: 'shape_hash()',
    begin: /^static uint32_t shape_hash\(/m,
    sum: '97551a8e6533b5f5',
    why: 'hashOf makes the same hashes, and image.js knows how they depend on addresses (withoutHash)',
  },
  {
    name: 'shape_initial_hash()',
    begin: /^static uint32_t shape_initial_hash\(/m,
    sum: 'b018b51399d24bb8',
    why: 'hashOf begins with it',
  },
  {
    name: 'add_shape_property()',
    begin: /^static int add_shape_property\(/m,
    sum: '940473551a548dd2',
    why: 'hashOf adds a property to a hash as it does',
  },
  {
    name: 'struct JSArena',
    begin: /^typedef struct JSArena \{/m,
    sum: '62b8c3b5e4aa6640',
    why: 'clearFreeBlocks walks the free blocks of each arena',
  },
  {
    name: 'struct JSMallocBlockHeader',
    begin: /^typedef struct JSMallocBlockHeader \{/m,
    sum: '651311f5c73c4486',
    why: 'clearFreeBlocks keeps the two fields of a free block',
  },
  {
    name: 'struct JSContext',
    begin: /^struct JSContext \{/m,
    sum: 'fbd25c1d6f795b81',
    why: 'fixSeeds, leaveProcess and enterProcess set each field that a process gives it',
  },
  {
    name: 'struct JSRuntime',
    begin: /^struct JSRuntime \{/m,
    sum: 'b5d14172ccebc048',
    why: 'leaveProcess sets each field that a process gives it',
  },
];

/**
 * Throws, with each definition that is another one than the image was made for.
 * @param {string} sources the engine's folder
 */
export function checkInsides(sources, expected = insides) {
  const text = readFileSync(join(sources, 'quickjs.c'), 'utf8');
  const changed = expected.filter(({ begin, sum }) => sumOf(text, begin) !== sum);
  if (changed.length === 0) return;
  const list = changed.map(({ name, begin, why }) => `\n  ${name}: ${why} (now ${sumOf(text, begin)})`);
  throw new Error(
    `this QuickJS-ng differs from the one that the image of the engine was made for:${list.join('')}\nhint: docs/contributing/engine.md, "Another version of QuickJS-ng"`,
  );
}

/** @param {string} text @param {RegExp} begin of a definition; it ends with the next line that begins with "}" */
function sumOf(text, begin) {
  const from = begin.exec(text)?.index;
  if (from === undefined) return 'not there';
  const end = text.indexOf('\n}', from);
  const definition = text
    .slice(from, end)
    .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    .replaceAll(/\s+/g, ' ');
  return createHash('sha256').update(definition).digest('hex').slice(0, 16);
}
