import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('corpus', import.meta.url));

/** Those of targets.ts: each has a file of inputs, one a line, in base64. */
export function targetNames() {
  return readdirSync(folder).map((name) => name.replace('.txt', ''));
}

/**
 * Each input as a file of its own, as libFuzzer has them. Returns how many.
 * @param {string} name
 * @param {string} into
 */
export function unpackCorpus(name, into) {
  const inputs = existsSync(file(name)) ? readFileSync(file(name), 'utf8').trim().split('\n') : [];
  for (const [number, input] of inputs.entries())
    writeFileSync(join(into, `${number}`), Buffer.from(input, 'base64'));
  return inputs.length;
}

/** Makes the files of a folder the corpus. Returns how many. @param {string} name @param {string} from */
export function keepCorpus(name, from) {
  const inputs = readdirSync(from).map((each) => readFileSync(join(from, each)).toString('base64'));
  writeFileSync(file(name), `${inputs.sort().join('\n')}\n`);
  return inputs.length;
}

/** @param {string} name */
function file(name) {
  return join(folder, `${name}.txt`);
}
