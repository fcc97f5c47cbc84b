import { spawnSync } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';

const failsAlways = `import { expect, it } from 'vitest';
it('fails', () => expect(1).toBe(2));`;
const failsOnce = `import { appendFileSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
it('is asked twice', () => {
  appendFileSync('asked', 'x');
  expect(readFileSync('asked', 'utf8')).toBe('xx');
});`;
const passes = `import { expect, it } from 'vitest';
it('passes', () => expect(1).toBe(1));`;

const root = useTempDir();

/** Runs again.js in a folder with these files, `unit.test.ts` in the project `unit` and the others in `rest`. */
function run(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(root, 'run-'));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  const reporters = JSON.stringify(['default', resolve('test/runs/again/failed.ts')]);
  const projects = `[{ extends: true, test: { name: 'unit', include: ['unit.test.ts'] } },
    { extends: true, test: { name: 'rest', include: ['*.test.ts'], exclude: ['unit.test.ts'] } }]`;
  writeTree(folder, {
    'package.json': '{"type":"module"}',
    'vitest.config.js': `export default { test: { reporters: ${reporters}, projects: ${projects} } };`,
    ...files,
  });
  const { status, stdout } = spawnSync(process.execPath, [resolve('test/runs/again/again.js')], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1' },
  });
  return { status, stdout };
}

describe('the second chance', () => {
  it('lets a run pass whose failed file passes alone, and names the test', () => {
    const { status, stdout } = run({ 'unit.test.ts': passes, 'a.test.ts': failsOnce });
    expect(stdout).toContain('flaky: a.test.ts > is asked twice\n');
    expect(status).toBe(0);
  });

  it.each([
    ['fails alone too', { 'unit.test.ts': passes, 'a.test.ts': failsAlways }],
    ['is of the project unit', { 'unit.test.ts': failsOnce, 'a.test.ts': passes }],
  ])('does not help a file that %s', (_, files) => {
    const { status, stdout } = run(files);
    expect(status).toBe(1);
    expect(stdout).not.toContain('flaky:');
  });
});
