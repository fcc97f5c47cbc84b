import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { execute } from '../bed/execute.js';

const cached = fileURLToPath(new URL('./recipe/cached.sh', import.meta.url));
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(`${tmpdir()}/vmssh-cache-`);
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const build = (recipe: string, key = 'k1') =>
  execute('bash', [cached, cache, 'thing', key, 'bash', '-c', recipe, 'recipe'], {
    allowFailure: true,
    timeout: 20,
  });
const left = () => readdirSync(cache).sort();

test('a recipe fills its folder once, however many ask at the same time', async () => {
  const recipe = `echo built >>"${cache}/count"; sleep 0.3; echo content >"$1/file"`;
  const all = await Promise.all([build(recipe), build(recipe), build(recipe)]);
  expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(readFileSync(`${cache}/count`, 'utf8')).toBe('built\n');
  expect(readFileSync(`${cache}/thing-k1/file`, 'utf8')).toBe('content\n');
});

test('a recipe that fails leaves nothing, and may be tried again', async () => {
  expect((await build('touch "$1/half"; exit 7')).code).toBe(7);
  expect(left()).toEqual(['thing.lock']);
  expect((await build('touch "$1/whole"')).code).toBe(0);
  expect(readdirSync(`${cache}/thing-k1`)).toEqual(['whole']);
});

test('what a killed builder left does not count as done', async () => {
  await expect(
    execute('bash', [cached, cache, 'thing', 'k1', 'bash', '-c', 'touch "$1/half"; sleep 60', 'recipe'], {
      timeout: 1,
    }),
  ).rejects.toThrow('not done after 1 s');
  await build('touch "$1/whole"');
  expect(left()).toEqual(['thing-k1', 'thing.lock']);
  expect(readdirSync(`${cache}/thing-k1`)).toEqual(['whole']);
});

test('a new key keeps the old one until it has long been unused', async () => {
  await build('touch "$1/old"');
  await build('touch "$1/new"', 'k2');
  expect(left()).toEqual(['thing-k1', 'thing-k2', 'thing.lock']);
  await execute('touch', ['-d', '20 days ago', `${cache}/thing-k1`]);
  writeFileSync(`${cache}/other`, '');
  await build('exit 1', 'k2');
  expect(left()).toEqual(['other', 'thing-k2', 'thing.lock']);
});
