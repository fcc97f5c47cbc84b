import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useTempDir } from '../helpers/temp-dir.js';
import { linesOf } from './lines.js';

const dir = useTempDir();

it('counts a line that the report has as run, or that V8 counted in any process', () => {
  const path = join(dir, 'program.mjs');
  const lines = [
    "const asked = process.argv[2] === 'asked';",
    'if (asked) {',
    '  answer();',
    '}',
    'function answer() {',
    '  return 1;',
    '}',
    'function unit() {',
    '  return 2;',
    '}',
    'function never() {',
    '  return 3;',
    '}',
  ];
  writeFileSync(path, lines.join('\n'));
  const counts = join(dir, 'counts');
  const env = { ...process.env, NODE_V8_COVERAGE: counts };
  for (const arg of ['no', 'asked']) spawnSync(process.execPath, [path, arg], { env });
  const statements = [1, 2, 3, 6, 9, 12].map((line) => ({ start: { line, column: line > 2 ? 2 : 0 } }));
  const report = {
    [path]: {
      statementMap: Object.fromEntries(statements.entries()),
      s: Object.fromEntries(statements.map(({ start }, i) => [i, start.line === 9 ? 1 : 0])),
    },
  };
  const raw = readdirSync(counts).map((name) => join(counts, name));
  expect(raw).toHaveLength(2);
  expect(linesOf(report, raw)).toEqual([{ path, all: 6, uncovered: [12] }]);
  expect(linesOf(report, [])).toEqual([{ path, all: 6, uncovered: [1, 2, 3, 6, 12] }]);
});
