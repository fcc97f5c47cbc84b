import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { run } from './helpers/run.js';

const recording = readFileSync('docs/pictures/terminal.txt', 'utf8');

it('the picture in the README is drawn from its recording', async () => {
  const { code, stdout } = await run([process.execPath, 'build/picture.js'], {
    input: readFileSync('docs/pictures/terminal.txt'),
  });
  expect(code).toBe(0);
  expect(stdout).toBe(readFileSync('docs/pictures/terminal.svg', 'utf8'));
});

it('the recording shows the way to a login, and has no warning', () => {
  expect(recording).not.toMatch(/warning/i);
  const typed = recording.match(/^\$ .*/gm)?.map((line) => line.split(' ').slice(1, 3).join(' '));
  expect(typed?.slice(0, 3)).toEqual(['vmssh list', 'vmssh setup', 'ssh web']);
});

it('the picture is no wider than a page of GitHub shows at full size', () => {
  const [, width] = /^<svg [^>]*width="(\d+)"/.exec(readFileSync('docs/pictures/terminal.svg', 'utf8')) ?? [];
  expect(Number(width)).toBeLessThanOrEqual(880);
});

it.each([
  { input: `${'a'.repeat(100)}bc`, want: [`${'a'.repeat(100)}`, 'bc'] },
  { input: '\x1b[32mok\x1b[39m <x> & y', want: ['ok', ' &lt;x&gt; &amp; y'] },
])('draws $want', async ({ input, want }) => {
  const { stdout } = await run([process.execPath, 'build/picture.js'], { input });
  expect([...stdout.matchAll(/<tspan[^>]*>([^<]*)</g)].map(([, text]) => text)).toEqual(want);
});
