import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeWorkspace } from '../../src/demo/world.js';
import { useTempDir } from '../helpers/temp-dir.js';

describe('makeWorkspace', () => {
  const dir = useTempDir();

  it.each([
    { name: 'short', folder: 'T', taken: true },
    { name: 'deep', folder: 'd'.repeat(90), taken: false },
    { name: 'with a space', folder: 'a b', taken: false },
    { name: 'with a percent', folder: 'a%b', taken: false },
    { name: 'with a colon', folder: 'a:b', taken: false },
    { name: 'with a letter outside ASCII', folder: 'ä', taken: false },
  ])('in a temp folder that is $name: $taken', ({ folder, taken }) => {
    const temp = join(dir, folder);
    mkdirSync(temp);
    const workspace = makeWorkspace(temp);
    expect(workspace.folder.startsWith(taken ? `${temp}/vmssh-demo-` : '/tmp/vmssh-demo-')).toBe(true);
    expect(Buffer.byteLength(workspace.socket)).toBeLessThanOrEqual(107);
    expect(statSync(workspace.folder).mode & 0o777).toBe(0o700);
    expect(statSync(workspace.write('key', 'x')).mode & 0o777).toBe(0o600);
    workspace.remove();
    workspace.remove();
    expect(existsSync(workspace.folder)).toBe(false);
  });
});
