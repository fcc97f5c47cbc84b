import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A temp folder for this test file, removed after its last test. Short: socket paths have to fit in it. */
export function useTempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'vmssh-t-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
