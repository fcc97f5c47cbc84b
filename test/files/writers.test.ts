import { chmodSync, chownSync, lchownSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { effects, writersByMode } from '../../src/files/writers.js';
import { missingRoot, otherUser } from '../helpers/other-user.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const other = otherUser.uid ?? 0;
let count = 0;

/** A new folder with a file "program" that only this user can change. */
function folder(mode = 0o755): string {
  const path = join(dir, `${count++}`);
  mkdirSync(path);
  writeFileSync(join(path, 'program'), '', { mode: 0o755 });
  chmodSync(path, mode);
  return path;
}

/** A link to a path in a folder. */
function linkIn(place: string, to: string): string {
  const link = join(place, `link-${count++}`);
  symlinkSync(to, link);
  return link;
}

const over = async (path: string, more: Partial<typeof effects> = {}) =>
  (await writersByMode({ ...effects, ...more })).over(path);

describe('who could change a file', () => {
  it.each<[what: string, path: () => string, who: string | undefined]>([
    ['in its own folder', () => join(folder(), 'program'), undefined],
    ['in a folder for all', () => join(folder(0o777), 'program'), 'any user'],
    ['in a sticky folder', () => join(folder(0o1777), 'program'), undefined],
    ['not yet there, in a sticky folder', () => join(folder(0o1777), 'none'), 'any user'],
    ['not yet there, below a sticky folder', () => join(folder(0o1777), 'a/b'), 'any user'],
    ['not yet there, in its own folder', () => join(folder(), 'none'), undefined],
    ['behind a link', () => linkIn(folder(), join(folder(), 'program')), undefined],
    ['behind a link in a folder for all', () => linkIn(folder(0o777), join(folder(), 'program')), 'any user'],
    [
      'behind a second link in a folder for all',
      () => linkIn(folder(), linkIn(folder(0o777), join(folder(), 'program'))),
      'any user',
    ],
    [
      'behind a link to a folder, and that by one in a folder for all',
      () => join(linkIn(folder(), linkIn(folder(0o777), folder())), 'program'),
      'any user',
    ],
    [
      'above a link, by ".." of it',
      () => `${linkIn(folder(), mkdir(folder(0o777), 'below'))}/../program`,
      'any user',
    ],
    ['behind a link to itself', () => loop(folder()), undefined],
  ])('$0: $2', async (_what, path, who) => {
    expect(await over(path())).toBe(who);
  });

  it.skipIf(missingRoot('who could change a file'))('other users', async () => {
    const theirs = folder();
    chownSync(join(theirs, 'program'), other, other);
    expect(await over(join(theirs, 'program'))).toBe(`user ${other}`);
    const inTheirs = folder();
    chownSync(inTheirs, other, other);
    expect(await over(join(inTheirs, 'program'))).toBe(`user ${other}`);
    const sticky = folder(0o1777);
    const first = linkIn(sticky, join(folder(), 'program'));
    lchownSync(first, other, other);
    expect(await over(first)).toBe(`user ${other}`);
    expect(await over(linkIn(folder(), first))).toBe(`user ${other}`);
    // A second name of a file is as good as its first: its owner is the same.
    linkSync(join(theirs, 'program'), join(theirs, 'second'));
    expect(await over(join(theirs, 'second'))).toBe(`user ${other}`);
    const group = folder();
    chownSync(join(group, 'program'), 0, other);
    chmodSync(join(group, 'program'), 0o775);
    expect(await over(join(group, 'program'))).toBe(`group ${other}`);
  });

  it.skipIf(missingRoot('nobody'))('nobody, but where root may appear as nobody', async () => {
    const path = join(folder(), 'program');
    chownSync(path, 65_534, 65_534);
    const named = (uidMap: string) => ({ accounts: async () => ({ passwd: '', group: '', uidMap }) });
    expect(await over(path, named('         0          0 4294967295\n'))).toBe('user 65534');
    expect(await over(path, named(''))).toBe('user 65534');
    expect(await over(path, named('0 1000 1\n1 100000 65536\n'))).toBeUndefined();
  });
});

function mkdir(parent: string, name: string): string {
  mkdirSync(join(parent, name));
  return join(parent, name);
}

function loop(parent: string): string {
  symlinkSync(join(parent, 'loop'), join(parent, 'loop'));
  return join(parent, 'loop');
}
