import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { refusalFix } from '../../src/process/refusal-fix.js';

/** What ssh said to somebody, as README.md explains it. */
interface Words {
  readonly report: string;
  readonly about: string;
  readonly says: string;
  readonly fix: string;
}

const all: readonly Words[] = JSON.parse(readFileSync(join(import.meta.dirname, 'words.json'), 'utf8'));

it.each(all)('$report: $about', ({ says, fix }) => {
  expect(refusalFix(`${says}\n`)).toContain(fix);
});
