import { describe, expect, it } from 'vitest';
import { MemoryFile, MemoryFiles } from '../../src/demo/sftp.js';

describe('MemoryFiles', () => {
  it.each([
    { input: 'x', want: '/x' },
    { input: '.', want: '/' },
    { input: '', want: '/' },
    { input: '../../etc/x', want: '/etc/x' },
    { input: '/a/../b', want: '/b' },
  ])('takes "$input" for $want', ({ input, want }) => {
    expect(new MemoryFiles().absolute(input)).toBe(want);
  });

  it.each(['/', '.', 'folder/x'])('makes no file at "%s"', (path) => {
    expect(new MemoryFiles().create(path)).toBeUndefined();
  });

  it('finds a file by every form of its path', () => {
    const files = new MemoryFiles();
    const file = files.create('x');
    expect([files.find('/x'), files.find('./x'), files.find('/y/../x')]).toEqual([file, file, file]);
    expect(files.find('/y')).toBeUndefined();
  });
});

describe('MemoryFile', () => {
  it('takes writes in any order, fills gaps with zeros and ends where its bytes end', () => {
    const file = new MemoryFile();
    expect(file.write(4, Buffer.from('ef'))).toBe(true);
    expect(file.write(0, Buffer.from('ab'))).toBe(true);
    expect(file.read(0, 100)).toEqual(Buffer.from('ab\0\0ef'));
    expect(file.read(5, 1).toString()).toBe('f');
    expect(file.read(6, 1)).toHaveLength(0);
    expect(file.read(1e12, 1)).toHaveLength(0);
  });

  it('shows nothing from before it was truncated', () => {
    const file = new MemoryFile();
    file.write(0, Buffer.from('secret'));
    file.truncate();
    expect(file.size).toBe(0);
    file.write(3, Buffer.from('x'));
    expect(file.read(0, 9)).toEqual(Buffer.from('\0\0\0x'));
  });

  it('grows to 16 MiB and not further', () => {
    const file = new MemoryFile();
    expect(file.write(16 * 1024 * 1024, Buffer.from('x'))).toBe(false);
    expect(file.write(16 * 1024 * 1024 - 1, Buffer.from('x'))).toBe(true);
    expect(file.size).toBe(16 * 1024 * 1024);
  });
});
