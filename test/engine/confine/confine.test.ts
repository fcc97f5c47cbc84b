import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { compile } from '../../native/support/compile.js';
import { profiles } from '../../native/support/profiles.js';

const confined = compile('confined.cpp');
const dir = useTempDir();

describe.skipIf(!confined).each(profiles)('the profile $profile', ({ profile, allowed }) => {
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
    const { code, signal, stdout } = await confine('other');
    // A kernel without 32-bit programs, or a hypervisor that does not pass such calls on, ends it before the filter is asked.
    expect([code, signal]).toEqual([null, stdout === 'has none\n' ? 'SIGSEGV' : 'SIGSYS']);
  });
});
