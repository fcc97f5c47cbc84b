import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mayBeSetUserId } from '../../../src/discovery/processes/set-user-id.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
let count = 0;

/** A process's folder in /proc, with a program of such a mode, or none to see, and who logged in to start it. */
function folder(mode: number | undefined, login: string | undefined): string {
  const path = join(dir, String(count++));
  mkdirSync(path);
  if (mode !== undefined) {
    writeFileSync(join(path, 'program'), '');
    chmodSync(join(path, 'program'), mode);
    symlinkSync('program', join(path, 'exe'));
  }
  if (login !== undefined) writeFileSync(join(path, 'loginuid'), login);
  return path;
}

describe('a process of the system may run a set-user-ID program', () => {
  it.each([
    { name: 'its program has no such bit', mode: 0o755, login: '1001', want: false },
    { name: 'its program is one', mode: 0o4755, login: undefined, want: true },
    { name: 'its program has the bit for groups', mode: 0o2755, login: undefined, want: true },
    { name: 'unseen, a service', mode: undefined, login: '4294967295', want: false },
    { name: "unseen, of root's login", mode: undefined, login: '0', want: false },
    { name: 'unseen, of our login', mode: undefined, login: '1000\n', want: false },
    { name: "unseen, of another one's login", mode: undefined, login: '1001', want: true },
    { name: 'unseen, by a kernel that reports nothing', mode: undefined, login: undefined, want: false },
  ])('$want: $name', async ({ mode, login, want }) => {
    expect(await mayBeSetUserId(folder(mode, login), 1000)).toBe(want);
  });
});
