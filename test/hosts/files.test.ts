import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noState } from '../../src/book/state.js';
import { fileAt, fileError } from '../../src/hosts/files.js';
import { lastState } from '../../src/hosts/plan.js';
import { signed, withOptions } from '../../src/ssh/config/file.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();

it('a file in UTF-16, which ssh does not read, gets no line: it has to be saved as UTF-8', async () => {
  const path = join(dir, 'config');
  writeFileSync(path, '\ufeffHost a\r\n', 'utf16le');
  await expect(fileAt(path)).rejects.toMatchObject({
    ...{ code: 'EILSEQ', message: `"${path}" has NUL bytes, as UTF-16 has, which ssh does not read` },
    hint: 'save it as UTF-8, in Notepad by "Save as"',
  });
});

it('our own file of another user, as in his HOME, says nothing of what this user wants; one of root does', async () => {
  const path = join(dir, 'vmssh.conf');
  writeFileSync(path, signed(withOptions('Host a\n', { fresh: true })));
  const options = async (us: number) => lastState(undefined, await fileAt(path, 'ssh', us));
  const own = process.getuid?.() || 1234;
  if (process.getuid?.() === 0) {
    expect(await options(own)).toMatchObject({ state: { options: { fresh: true } } });
    chownSync(path, own, own);
  }
  expect(await options(own)).toMatchObject({ state: { options: { fresh: true } } });
  expect(await options(own + 1)).toEqual({
    ...{ state: noState, isLost: true },
    problem: 'is missing: its lines for ssh belong to another user, and nothing is taken from them',
  });
});

describe('an error of a file', () => {
  it.each([
    { what: 'that may not be read says whose it must be', code: 'EACCES', hint: 'it must be yours: see' },
    {
      what: 'that is no file says what to do',
      code: 'EINVAL',
      hint: 'see what it is, and give it another name:',
    },
  ])('$what', ({ code, hint }) => {
    const error = Object.assign(new Error(), { code });
    expect(fileError(error, '/h/a b', 'read', 'linux').hint).toBe(`${hint} ls -ld '/h/a b'`);
  });

  const failed = (code: string) =>
    Object.assign(new Error(`${code}: unknown error, realpath 'C:\\x'`), { code });
  const long = `C:\\Users\\${'x'.repeat(300)}\\.ssh\\config`;

  it.each(['UNKNOWN', 'ENAMETOOLONG'])(
    'names the length of a path that Windows does not take: %s',
    (code) => {
      expect(fileError(failed(code), long, 'read', 'win32')).toMatchObject({
        code,
        message: `"${long}" cannot be read: its path has ${long.length} characters, and Windows takes less than 260 (${code})`,
        hint: expect.stringContaining('LongPathsEnabled'),
      });
    },
  );

  it.each([
    { name: 'a short path', code: 'UNKNOWN', path: 'C:\\x', platform: 'win32' },
    { name: 'another error', code: 'EIO', path: long, platform: 'win32' },
    { name: 'another system', code: 'UNKNOWN', path: long, platform: 'linux' },
  ] as const)('has the reason of the system for $name', ({ code, path, platform }) => {
    expect(fileError(failed(code), path, 'read', platform)).toMatchObject({
      ...{ code, hint: undefined, message: `"${path}" cannot be read: ${code}: unknown error` },
    });
  });
});
