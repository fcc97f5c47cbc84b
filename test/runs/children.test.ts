import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const parent = fileURLToPath(new URL('programs/parent.js', import.meta.url));

it.each([
  ['SIGINT', 130, ''],
  ['SIGTERM', 143, ''],
  ['SIGTERM', 143, 'ignoring'],
] as const)('%s ends what a run started, and the run with %i; %s', async (signal, code, how) => {
  const child = spawn(process.execPath, [parent, how], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  await expect.poll(() => printed).toMatch(/^\d+ \d+\n$/);
  child.kill(signal);
  expect(await once(child, 'close')).toEqual([code, null]);
  expect(printed).not.toContain('went on');
  for (const pid of printed.trim().split(' ')) await expect.poll(() => isRunning(pid)).toBe(false);
});

/** A process that has ended may still wait for its parent to ask. */
function isRunning(pid: string): boolean {
  const path = `/proc/${pid}/stat`;
  try {
    return existsSync(path) && !/\) Z /.test(readFileSync(path, 'utf8'));
  } catch {
    return false;
  }
}
