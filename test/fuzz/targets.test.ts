import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useTempDir } from '../helpers/temp-dir.js';
import { targetNames, unpackCorpus } from './corpus.js';
import { targets } from './targets.js';

const dir = useTempDir();

it('each target has its corpus', () => {
  expect(targetNames().sort()).toEqual(Object.keys(targets).sort());
});

// What `npm run fuzz` has found: here on Node, there in the engine.
it.each(Object.entries(targets))('%s holds for its corpus', (name, target) => {
  const folder = join(dir, name);
  mkdirSync(folder);
  expect(unpackCorpus(name, folder)).toBeGreaterThan(0);
  for (const each of readdirSync(folder)) target(readFileSync(join(folder, each)));
});
