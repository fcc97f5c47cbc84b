import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** All places of the sources that have the version: the files, and the keys that lead to it. */
const places = /** @type {const} */ ([
  ['package.json', ['version']],
  ['package.json', ['dependencies', 'node-hvsock-native']],
  ['native/package.json', ['version']],
  ['package-lock.json', ['version']],
  ['package-lock.json', ['packages', '', 'version']],
  ['package-lock.json', ['packages', '', 'dependencies', 'node-hvsock-native']],
  ['package-lock.json', ['packages', 'native', 'version']],
]);

/** What each place has. @param {string} root */
export function versionsOf(root) {
  return places.map(([file, keys]) => {
    const { holder, key } = held(read(root, file), keys);
    return { place: `${file}: ${keys.join('.')}`, version: String(holder[key]) };
  });
}

/** Sets all of them. @param {string} root @param {string} version */
export function setVersion(root, version) {
  for (const [file, keys] of places) {
    const json = read(root, file);
    const { holder, key } = held(json, keys);
    holder[key] = version;
    writeFileSync(join(root, file), `${JSON.stringify(json, undefined, 2)}\n`);
  }
}

/** Whether a version comes after another one; both as "1.2.3". @param {string} version @param {string} other */
export function isAfter(version, other) {
  const [a, b] = [version, other].map((each) => each.split('.').map(Number));
  const at = a?.findIndex((part, i) => part !== b?.[i]) ?? -1;
  return at >= 0 && Number(a?.[at]) > Number(b?.[at]);
}

/** @param {string} text */
export function isVersion(text) {
  return /^(0|[1-9]\d{0,5})(\.(0|[1-9]\d{0,5})){2}$/.test(text);
}

/** @param {string} root @param {string} file */
function read(root, file) {
  return JSON.parse(readFileSync(join(root, file), 'utf8'));
}

/** @param {any} json @param {readonly string[]} keys */
function held(json, keys) {
  const holder = keys.slice(0, -1).reduce((each, key) => each[key], json);
  return { holder, key: keys.at(-1) ?? '' };
}
