import {
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { editFile } from '../../src/files/edit-file.js';
import { makeFolder } from '../../src/files/place.js';
import { missingRoot } from '../helpers/other-user.js';
import { run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

const top = useTempDir();
let count = 0;
let dir: string;
beforeEach(() => {
  dir = join(top, `d${count++}`);
  mkdirSync(dir);
});
const read = (path: string) => ({ text: readFileSync(path, 'utf8'), mode: statSync(path).mode & 0o777 });
const write = (path: string, text: string, mode = 0o600) => editFile(path, () => Buffer.from(text), mode);

describe.skipIf(missingRoot('root in the folder of a user'))('root in the folder of a user', () => {
  const [user, group] = [1234, 1235];
  const give = (...names: string[]) => {
    for (const name of names) chownSync(join(dir, name), user, group);
  };
  const ownerOf = (name: string) => {
    const { uid, gid } = statSync(join(dir, name));
    return [uid, gid];
  };
  beforeEach(() => {
    mkdirSync(join(dir, 'home/.ssh'), { recursive: true });
    writeFileSync(join(dir, 'home/.ssh/config'), 'theirs');
    give('home', 'home/.ssh', 'home/.ssh/config');
    mkdirSync(join(dir, 'roots'));
    writeFileSync(join(dir, 'roots/config'), 'secret', { mode: 0o600 });
  });
  const roots = () => [
    readdirSync(join(dir, 'roots')),
    ownerOf('roots'),
    ownerOf('roots/config'),
    read(join(dir, 'roots/config')),
  ];
  const untouched = [['config'], [0, 0], [0, 0], { text: 'secret', mode: 0o600 }];

  it('keeps the owner of a file, and a new one has the folder’s', async () => {
    await makeFolder(join(dir, 'home/a/b'));
    chownSync(join(dir, 'home/.ssh/config'), 4321, group);
    await write(join(dir, 'home/.ssh/config'), 'b');
    await write(join(dir, 'home/.ssh/newer'), 'c');
    expect(['home/a', 'home/a/b', 'home/.ssh/config', 'home/.ssh/newer'].map(ownerOf)).toEqual([
      ...[
        [user, group],
        [user, group],
        [4321, group],
        [user, group],
      ],
    ]);
  });

  it.each([
    { name: 'a link of theirs', link: 'home/.ssh/config', to: '../../roots/config' },
    { name: 'a link to a new file', link: 'home/.ssh/config', to: '../../roots/new' },
    { name: 'a folder that is a link of theirs', link: 'home/.ssh', to: '../roots' },
    { name: 'a link of root that they can exchange', link: 'home/.ssh', to: '../roots', byRoot: true },
  ])('does not follow $name', async ({ link, to, byRoot = false }) => {
    renameSync(join(dir, link), join(dir, 'away'));
    symlinkSync(to, join(dir, link));
    if (!byRoot) await run(['chown', '-h', `${user}`, join(dir, link)]);
    for (const act of [
      () => write(join(dir, 'home/.ssh/config'), 'x'),
      () => editFile(join(dir, 'home/.ssh/config'), () => undefined, 0o600),
      () => makeFolder(join(dir, 'home/.ssh/config/new')),
    ])
      await expect(act()).rejects.toMatchObject({ code: 'OTHERS_LINK' });
    expect(roots()).toEqual(untouched);
  });

  it('follows its own', async () => {
    symlinkSync('home', join(dir, 'link'));
    await write(join(dir, 'link/.ssh/config'), 'x');
    expect(read(join(dir, 'home/.ssh/config')).text).toBe('x');
  });

  it('stays in the folder that it found when another one takes its place', async () => {
    const swap = () => {
      renameSync(join(dir, 'home/.ssh'), join(dir, 'home/moved'));
      symlinkSync('../roots', join(dir, 'home/.ssh'));
      return Buffer.from('new');
    };
    let asked = 0;
    // The second time it is asked under the lock, just before the write.
    await editFile(join(dir, 'home/.ssh/config'), () => (asked++ === 0 ? Buffer.from('') : swap()), 0o600);
    expect(read(join(dir, 'home/moved/config')).text).toBe('new');
    expect(roots()).toEqual(untouched);
  });

  it('does not give away a file put in its place: content and owner are of one file', async () => {
    const path = join(dir, 'home/.ssh/config');
    const swap = () => {
      renameSync(path, `${path}.away`);
      linkSync(join(dir, 'roots/config'), path);
    };
    let asked = 0;
    const edit = (old: Buffer | undefined) => {
      if (++asked === 2) swap();
      return Buffer.from(`${old} and new`);
    };
    await editFile(path, edit, 0o600);
    expect(asked).toBe(3);
    expect(read(path)).toEqual({ text: 'secret and new', mode: 0o600 });
    expect(ownerOf('home/.ssh/config')).toEqual([0, 0]);
    expect(roots()).toEqual(untouched);
  });
});
