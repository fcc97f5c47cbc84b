import { describe, expect, it } from 'vitest';
import { fileError } from '../../src/hosts/files.js';

describe('an error of a file', () => {
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
    { name: 'another error', code: 'EACCES', path: long, platform: 'win32' },
    { name: 'another system', code: 'UNKNOWN', path: long, platform: 'linux' },
  ] as const)('has the reason of the system for $name', ({ code, path, platform }) => {
    expect(fileError(failed(code), path, 'read', platform)).toMatchObject({
      ...{ code, hint: undefined, message: `"${path}" cannot be read: ${code}: unknown error` },
    });
  });
});
