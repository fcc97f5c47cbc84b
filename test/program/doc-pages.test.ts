import { existsSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { docsFolder } from '../../src/program/program.js';
import { run, vmssh } from '../helpers/run.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';

const dir = useTempDir();

describe('the folder of the pages that help names', () => {
  it.each([
    { name: 'the Debian package', program: 'usr/bin/vmssh', docs: 'usr/share/doc/vmssh/docs' },
    { name: 'a tarball', program: 'opt/vmssh-0.1.0/bin/vmssh', docs: 'opt/vmssh-0.1.0/share/doc/vmssh/docs' },
    { name: 'the archive for Windows', program: 'vmssh/vmssh.exe', docs: 'vmssh/docs' },
    { name: 'npm', program: 'node_modules/vmssh/dist/vmssh.js', docs: 'node_modules/vmssh/docs' },
    { name: 'a checkout', program: 'git/dist/linux-x64/vmssh', docs: 'git/docs' },
  ])('is found beside the program of $name, also by a link', ({ name, program, docs }) => {
    const root = join(realpathSync(dir), name.replaceAll(' ', '-'));
    writeTree(root, { [program]: '', [`${docs}/targets.md`]: '', 'link/x': '' });
    symlinkSync(join(root, program), join(root, 'link/vmssh'));
    expect(docsFolder(join(root, program))).toBe(join(root, docs));
    expect(docsFolder(join(root, 'link/vmssh'))).toBe(join(root, docs));
  });

  it('is none for a program by itself, and for one that is gone', () => {
    const program = join(dir, 'alone');
    writeFileSync(program, '');
    expect(docsFolder(program)).toBeUndefined();
    expect(docsFolder(join(dir, 'gone'))).toBeUndefined();
  });
});

it.each([['--help'], ['doctor', '--help'], ['list', '--help']])(
  '%s %s names pages that can be opened',
  async (...args) => {
    const { stdout } = await run([...vmssh, ...args]);
    const folder = /^docs\/ is (.*)$/m.exec(stdout)?.[1] ?? '';
    const pages = [...stdout.matchAll(/docs\/([\w/-]+\.md)/g)].map(([, page = '']) => join(folder, page));
    expect(pages).not.toEqual([]);
    expect(pages.filter((page) => !existsSync(page))).toEqual([]);
  },
);
