import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { compile } from '../../native/support/compile.js';

const confined = compile('confined.cpp');
const dir = useTempDir();

const readers = ['open to read', 'open a path', 'stat', 'fcntl', 'writev', 'a unix socket', 'a thread'];
const servers = [...readers, 'a socket of TCP', 'a socket of sock_diag'];

describe.skipIf(!confined).each([
  { profile: 'relay', allowed: [] },
  { profile: 'read', allowed: readers },
  { profile: 'serve', allowed: servers },
  { profile: 'serve-path', allowed: [...servers, 'unlink'] },
])('the profile $profile', ({ profile, allowed }) => {
  const confine = (...words: readonly string[]) =>
    run([confined ?? '', profile, ...words], { cwd: mkdtempSync(join(dir, 'in-')) });

  it('allows what a relay needs, and of the rest only what it lists', async () => {
    const { code, stdout, stderr } = await confine();
    expect({ code, stderr, allowed: stdout.split('\n').slice(0, -1) }).toEqual({
      code: 0,
      stderr: '',
      allowed,
    });
  });

  it('allows no other program', async () => {
    expect(await confine('execve')).toMatchObject({ code: 0, stderr: '' });
  });

  it('is for all threads', async () => {
    expect(await confine('threads')).toMatchObject({ code: 0, stderr: '' });
  });

  it.skipIf(process.arch !== 'x64')('ends a process that makes a call of another processor', async () => {
    expect(await confine('other')).toMatchObject({ code: null, signal: 'SIGSYS' });
  });
});
