import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type NewEntry, writeNewTree } from '../../src/files/new-tree.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';

const dir = useTempDir();
const isRoot = process.getuid?.() === 0;
const entries: readonly NewEntry[] = [
  { path: 'user-data', text: 'U', mode: 0o600 },
  { path: 'extra/etc/system/a.socket', text: 'A', mode: 0o644 },
  { path: 'extra/etc/system/wants/a.socket', link: '../a.socket' },
  { path: 'extra/root/.ssh', folderMode: 0o700 },
  { path: 'extra/root/.ssh/authorized_keys', text: 'K', mode: 0o600 },
];
let count = 0;
let place: string;
beforeEach(() => {
  place = join(dir, `place${++count}`);
  mkdirSync(place);
});
const mode = (path: string) => statSync(path).mode & 0o777;

describe.each(['linux', 'win32'] as const)('a new tree, as on %s', (platform) => {
  const write = (path: string) => writeNewTree(path, entries, platform);

  it.each([
    { name: 'a new folder', given: () => {} },
    { name: 'an empty one', given: (tree: string) => mkdirSync(tree) },
  ])('in $name', async ({ given }) => {
    const tree = join(place, 'seed');
    given(tree);
    await write(tree);
    expect(readFileSync(join(tree, 'extra/etc/system/a.socket'), 'utf8')).toBe('A');
    expect(readlinkSync(join(tree, 'extra/etc/system/wants/a.socket'))).toBe('../a.socket');
    expect(readFileSync(join(tree, 'extra/root/.ssh/authorized_keys'), 'utf8')).toBe('K');
  });

  it('makes the folders above', async () => {
    await write(join(place, 'a/b/seed'));
    expect(readdirSync(join(place, 'a/b/seed')).sort()).toEqual(['extra', 'user-data']);
  });

  it.each([
    [
      'a link in it',
      (tree: string) => {
        mkdirSync(tree);
        symlinkSync(join(place, 'victim'), join(tree, 'extra'));
      },
      /is not empty: it contains "extra"/,
    ],
    ['a file in it', (tree: string) => writeTree(tree, { x: '' }), /is not empty/],
    [
      'a link in its place',
      (tree: string) => symlinkSync(join(place, 'victim'), tree),
      /is a link, not a folder/,
    ],
    ['a file in its place', (tree: string) => writeFileSync(tree, ''), /not a folder/],
  ])('is refused: $0', async (_name, given, says) => {
    mkdirSync(join(place, 'victim'));
    given(join(place, 'seed'));
    await expect(write(join(place, 'seed'))).rejects.toThrow(says);
    expect(readdirSync(join(place, 'victim'))).toEqual([]);
  });
});

describe('a new tree', () => {
  it('has the modes that were asked for, whatever the umask', async () => {
    const tree = join(place, 'seed');
    const was = process.umask(0o077);
    await writeNewTree(tree, entries).finally(() => process.umask(was));
    expect(
      ['extra', 'extra/etc/system', 'extra/root', 'extra/root/.ssh'].map((path) => mode(join(tree, path))),
    ).toEqual([0o755, 0o755, 0o755, 0o700]);
    expect(['user-data', 'extra/etc/system/a.socket'].map((path) => mode(join(tree, path)))).toEqual([
      0o600, 0o644,
    ]);
  });

  it.skipIf(!isRoot)("is refused in another user's folder, and root follows no link to it", async () => {
    const tree = join(place, 'seed');
    mkdirSync(tree);
    chownSync(tree, 54_321, 54_321);
    await expect(writeNewTree(tree, entries)).rejects.toThrow('belongs to user 54321');
    chownSync(place, 54_321, 54_321);
    symlinkSync(dir, join(place, 'link'));
    await expect(writeNewTree(join(place, 'link/new'), entries)).rejects.toThrow(
      /"link" on its path is a link/,
    );
    expect(existsSync(join(dir, 'new'))).toBe(false);
  });

  it('stays in its folder, even if another one takes its place meanwhile', async () => {
    const tree = join(place, 'seed');
    const victim = join(place, 'victim');
    mkdirSync(victim);
    chmodSync(place, 0o777);
    // Reading the next entry is the moment in between.
    const swapping = {
      *[Symbol.iterator]() {
        yield entries[1] as NewEntry;
        renameSync(join(tree, 'extra'), join(place, 'away'));
        symlinkSync(victim, join(tree, 'extra'));
        yield entries[4] as NewEntry;
      },
    };
    await writeNewTree(tree, swapping);
    expect(readdirSync(victim)).toEqual([]);
    expect(readFileSync(join(place, 'away/root/.ssh/authorized_keys'), 'utf8')).toBe('K');
  });
});
