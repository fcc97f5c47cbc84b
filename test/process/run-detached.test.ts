import { expect, it, onTestFinished, vi } from 'vitest';
import { runApart } from '../../src/process/run-detached.js';

it('a folder for temporary files that is missing is named: the program is not', async () => {
  vi.stubEnv('TMPDIR', '/no/such/folder');
  onTestFinished(() => void vi.unstubAllEnvs());
  const options = {
    env: process.env,
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    onStart: () => {},
  };
  const error = await runApart(['true'], options).catch((each) => each);
  expect(error.message).toBe('the folder for temporary files, "/no/such/folder", cannot be used (ENOENT)');
  expect(error.code).toBeUndefined();
});
