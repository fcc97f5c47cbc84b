import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { editFile } from '../../src/files/edit-file.js';
import { lock } from '../../src/files/lock.js';
import { makeFolder, placeOf } from '../../src/files/place.js';
import { missingRoot } from '../helpers/other-user.js';
import { run } from '../helpers/run.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';

const top = useTempDir();
let count = 0;
let dir: string;
beforeEach(() => {
  dir = join(top, `d${count++}`);
  mkdirSync(dir);
});
const read = (path: string) => ({ text: readFileSync(path, 'utf8'), mode: statSync(path).mode & 0o777 });
const write = (path: string, text: string, mode = 0o600) => editFile(path, () => Buffer.from(text), mode);

describe('changing a file', () => {
  it.each(process.getuid?.() === 0 ? [true, false] : [false])(
    'ends at a link to itself, as root: %s',
    async (asRoot) => {
      symlinkSync('vmssh.json', join(dir, 'vmssh.json'));
      await expect(placeOf(join(dir, 'vmssh.json'), asRoot)).rejects.toMatchObject({ code: 'ELOOP' });
    },
  );

  it.each(process.getuid?.() === 0 ? [true, false] : [false])(
    'follows a link with ".." from the folder that a link leads to, as root: %s',
    async (asRoot) => {
      mkdirSync(join(dir, 'dotfiles/ssh'), { recursive: true });
      symlinkSync('dotfiles/ssh', join(dir, '.ssh'));
      symlinkSync('../config', join(dir, 'dotfiles/ssh/config'));
      const { folder, name } = await placeOf(join(dir, '.ssh/config'), asRoot);
      writeFileSync(folder.at(name), 'here');
      await folder.close();
      expect(readFileSync(join(dir, 'dotfiles/config'), 'utf8')).toBe('here');
    },
  );

  it('makes a new one with the mode that is given', async () => {
    await write(join(dir, 'new'), 'a');
    expect(read(join(dir, 'new'))).toEqual({ text: 'a', mode: 0o600 });
    expect(readdirSync(dir)).toEqual(['new']);
  });

  it('keeps the mode of an old one, and gives what it holds', async () => {
    const path = join(dir, 'old');
    writeFileSync(path, 'old');
    chmodSync(path, 0o640);
    await editFile(path, (old) => Buffer.from(`${old} and new`), 0o600);
    expect(read(path)).toEqual({ text: 'old and new', mode: 0o640 });
  });

  it('follows links, also to a file that is not there yet', async () => {
    mkdirSync(join(dir, 'real'));
    symlinkSync('real/file', join(dir, 'second'));
    symlinkSync(join(dir, 'second'), join(dir, 'first'));
    for (const text of ['one', 'two']) {
      await write(join(dir, 'first'), text);
      expect(read(join(dir, 'real/file')).text).toBe(text);
    }
    expect(readlinkSync(join(dir, 'first'))).toBe(join(dir, 'second'));
    expect(readdirSync(join(dir, 'real'))).toEqual(['file']);
  });

  it('removes it, and does nothing if nothing is to be done', async () => {
    writeFileSync(join(dir, 'a'), 'a');
    const { ino } = statSync(join(dir, 'a'));
    await editFile(join(dir, 'a'), (old) => old, 0o600);
    await editFile(join(dir, 'none'), (old) => old, 0o600);
    expect(statSync(join(dir, 'a')).ino).toBe(ino);
    await editFile(join(dir, 'a'), () => undefined, 0o600);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('leaves no file if it fails', async () => {
    mkdirSync(join(dir, 'full/target'), { recursive: true });
    await expect(write(join(dir, 'full/target'), 'x')).rejects.toMatchObject({ code: 'EINVAL' });
    writeFileSync(join(dir, 'full/a'), 'a');
    const changed = editFile(
      join(dir, 'full/a'),
      (old) => {
        if (existsSync(join(dir, 'full/.a.lock'))) throw new Error('changed');
        return Buffer.from(`${old}b`);
      },
      0o600,
    );
    await expect(changed).rejects.toThrow('changed');
    expect(readdirSync(join(dir, 'full')).sort()).toEqual(['a', 'target']);
    await expect(write(join(dir, 'absent/x'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('gives up if its lock is taken away again and again', async () => {
    const take = () => {
      rmSync(join(dir, '.a.lock'), { force: true });
      return Buffer.from('new');
    };
    await expect(editFile(join(dir, 'a'), take, 0o600)).rejects.toMatchObject({ code: 'LOCKED' });
    expect(readdirSync(dir)).toEqual([]);
  });

  it.each(['mkfifo fifo', 'mkdir fifo', 'ln -s /dev/null fifo', 'ln -s /dev/zero fifo'])(
    'does not change what is not a regular file: %s',
    async (command) => {
      expect(await run(['sh', '-c', command], { cwd: dir })).toMatchObject({ code: 0 });
      await expect(write(join(dir, 'fifo'), 'x')).rejects.toMatchObject({ code: 'EINVAL' });
      expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
      expect(readdirSync(dir)).toEqual(['fifo']);
    },
  );

  it('refuses a file that is too large to be one', async () => {
    expect(await run(['truncate', '-s', '1T', 'big'], { cwd: dir })).toMatchObject({ code: 0 });
    await expect(write(join(dir, 'big'), 'x')).rejects.toMatchObject({ code: 'EFBIG' });
  });
});

describe('what a killed one left', () => {
  const leave = (name: string, secondsAgo: number) => {
    writeFileSync(join(dir, name), '');
    const then = Date.now() / 1000 - secondsAgo;
    utimesSync(join(dir, name), then, then);
  };

  it('is removed by the next one, if it is old and its own', async () => {
    for (const name of ['.a.0123456789ab', '.a.lock', '.b.0123456789ab', '.a.0123456789abc', '.a.bak'])
      leave(name, 3600);
    leave('.a.ba9876543210', 0);
    mkdirSync(join(dir, '.a.ffffffffffff'));
    await editFile(join(dir, 'a'), (old) => old, 0o600);
    expect(readdirSync(dir).sort()).toEqual([
      ...['.a.0123456789abc', '.a.ba9876543210', '.a.bak', '.a.ffffffffffff', '.b.0123456789ab'],
    ]);
  });

  it('is not a lock if its process is gone', async () => {
    const { stdout } = await run(['sh', '-c', 'echo $$']);
    writeFileSync(join(dir, '.a.lock'), `${stdout.trim()} ${hostname()}\n`);
    await write(join(dir, 'a'), 'a');
    expect(readdirSync(dir)).toEqual(['a']);
  });
});

describe('a lock', () => {
  it.each([
    { name: 'of a process that lives', text: `${process.pid} ${hostname()}\n`, ms: 10_000 },
    { name: 'of another host', text: '1 elsewhere\n', ms: 10_000 },
    { name: 'that is not named yet', text: '', ms: 1000 },
  ])('$name is waited for, but not forever', async ({ text, ms }) => {
    writeFileSync(join(dir, '.a.lock'), text);
    const place = await placeOf(join(dir, 'a'));
    // Each look at the clock is some time later; who gives up waiting would throw.
    let time = 0;
    const looks: number[] = [];
    const now = () => {
      looks.push(time);
      time += ms / 8;
      return time;
    };
    const held = await lock(place, now);
    expect(Math.max(...looks)).toBeGreaterThanOrEqual(ms);
    expect(await held.isHeld()).toBe(true);
    await held.release();
    await place.folder.close();
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('many that change a file at once', () => {
  it('lose nothing that one adds who knows no lock, as ssh does', async () => {
    const path = join(dir, 'a');
    writeFileSync(path, 'old\n');
    let asked = 0;
    const edit = (old: Buffer | undefined) => {
      if (++asked === 2) appendFileSync(path, 'added\n');
      return Buffer.from(`${old}mine\n`);
    };
    await editFile(path, edit, 0o600);
    expect(readFileSync(path, 'utf8')).toBe('old\nadded\nmine\n');
  });

  it('lose nothing', async () => {
    const path = join(dir, 'a');
    const numbers = Array.from({ length: 30 }, (_, i) => `${i}`);
    await Promise.all(
      numbers.map((each) => editFile(path, (old) => Buffer.from(`${old ?? ''}${each}\n`), 0o600)),
    );
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.sort()).toEqual(numbers.sort());
    expect(readdirSync(dir)).toEqual(['a']);
  });
});

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
    writeTree(dir, { 'home/.ssh/config': 'theirs' });
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
    const umask = process.umask(0o077);
    await makeFolder(join(dir, 'home/all'), 0o755).finally(() => process.umask(umask));
    expect(statSync(join(dir, 'home/all')).mode & 0o777).toBe(0o755);
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
