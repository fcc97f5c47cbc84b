import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { root } from '../../build/bundle/bundle.js';
import { bundleForEngine } from '../../build/engine/bundle.js';
import { useTempDir } from '../helpers/temp-dir.js';

const folder = useTempDir();

let names: readonly string[];
beforeAll(async () => {
  ({ names } = await bundleForEngine(folder, join(root, 'src/program/executable.ts')));
});

it('what every start needs is one chunk', () => {
  const imports = [...main().matchAll(/^import .*from "(.*)";$/gm)].map(([, from]) => from);
  const files = imports.filter((from) => !from?.startsWith('engine:'));
  expect(files.every((from) => from?.startsWith('./rolldown-runtime-'))).toBe(true);
  expect(names).toContain('main.mjs');
});

it('the globals are installed before any other module runs', () => {
  const text = main();
  expect(text.indexOf('Object.assign(globalThis, {')).toBeGreaterThan(0);
  expect(text.indexOf('Object.assign(globalThis, {')).toBeLessThan(text.indexOf('// src/program/main.ts'));
});

it('a command that is loaded by itself brings no commander', () => {
  const [first = ''] = names.filter((name) => text(name).includes('// src/commands/list/list.ts'));
  const loaded = new Set([first]);
  for (const name of loaded)
    for (const [, from = ''] of text(name).matchAll(/^import .*"\.\/(.*)";$/gm)) loaded.add(from);
  expect([...loaded].filter((name) => text(name).includes('// node_modules/commander/'))).toEqual([]);
});

function main(): string {
  return text('main.mjs');
}

function text(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}
