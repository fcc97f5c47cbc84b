import { closeSync, existsSync, mkdirSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openUnnamed, runApart } from '../../src/process/run-detached.js';
import { useTempDir } from '../helpers/temp-dir.js';

it('a folder for temporary files that is missing is named: the program is not', async () => {
  vi.stubEnv('TMPDIR', '/proc/none/folder');
  onTestFinished(() => void vi.unstubAllEnvs());
  const options = {
    env: process.env,
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    onStart: () => {},
  };
  const error = await runApart(['true'], options).catch((each) => each);
  expect(error.message).toBe('the folder for temporary files, "/proc/none/folder", cannot be used (ENOENT)');
  expect(error.code).toBeUndefined();
});

it('a folder that another user made meanwhile, of the same name, stays', () => {
  const { write, read, remove } = openUnnamed({ TMPDIR: useTempDir() });
  const folder = dirname(readlinkSync(`/proc/self/fd/${read}`));
  for (const each of [write, read]) closeSync(each);
  expect(existsSync(folder)).toBe(false);
  mkdirSync(folder);
  remove();
  expect(existsSync(folder)).toBe(true);
});
