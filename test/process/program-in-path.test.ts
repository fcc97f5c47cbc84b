import { expect, it } from 'vitest';
import { systemProgram } from '../../src/process/program-in-path.js';

it.each([
  { name: 'SystemRoot', env: { SystemRoot: 'D:\\Win' }, folder: 'D:\\Win' },
  { name: 'SYSTEMROOT', env: { SYSTEMROOT: 'D:\\Win' }, folder: 'D:\\Win' },
  { name: 'none', env: {}, folder: 'C:\\Windows' },
  { name: 'an empty one', env: { SystemRoot: '' }, folder: 'C:\\Windows' },
  { name: 'one of the current folder', env: { SystemRoot: 'Win' }, folder: 'C:\\Windows' },
  { name: 'one of the current drive', env: { SystemRoot: '\\Win' }, folder: 'C:\\Windows' },
])("a program of Windows lies in Windows' folder: $name", ({ env, folder }) => {
  expect(systemProgram('drivers/etc/hosts', env)).toBe(`${folder}\\System32\\drivers\\etc\\hosts`);
});
