import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { run } from './helpers/run.js';

it('the picture in the README is drawn from its recording', async () => {
  const { code, stdout } = await run([process.execPath, 'build/picture.js'], {
    input: readFileSync('docs/terminal.txt'),
  });
  expect(code).toBe(0);
  expect(stdout).toBe(readFileSync('docs/terminal.svg', 'utf8'));
});
