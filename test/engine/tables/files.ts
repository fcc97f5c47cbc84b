import * as fs from 'node:fs';
import * as later from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { casesOf, failure } from './case.js';

/** Runs it in a folder of its own. */
function inFolder(work: (folder: string) => unknown) {
  return async () => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'vmssh-t-'));
    try {
      return await work(folder);
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  };
}

export const files = casesOf({
  'write, read and look': {
    run: inFolder((folder) => {
      const path = join(folder, 'a');
      fs.writeFileSync(path, 'aé', { mode: 0o600 });
      const { mode, size } = fs.statSync(path);
      return [
        fs.readFileSync(path, 'utf8'),
        [...fs.readFileSync(path)],
        mode & 0o777,
        size,
        fs.existsSync(path),
      ];
    }),
    want: ['aé', [97, 195, 169], 0o600, 3, true],
  },
  'kinds of files': {
    run: inFolder((folder) => {
      fs.writeFileSync(join(folder, 'file'), '');
      fs.symlinkSync('nowhere', join(folder, 'link'));
      const link = fs.lstatSync(join(folder, 'link'));
      return [
        fs.statSync(folder).isDirectory(),
        link.isSymbolicLink(),
        link.isFile(),
        fs.readlinkSync(join(folder, 'link')),
        fs.existsSync(join(folder, 'link')),
        fs.statSync(join(folder, 'file')).isSocket(),
      ];
    }),
    want: [true, true, false, 'nowhere', false, false],
  },
  mistakes: {
    run: inFolder((folder) => {
      fs.writeFileSync(join(folder, 'file'), '');
      return Promise.all([
        failure(() => fs.readFileSync(join(folder, 'none'))),
        failure(() => fs.writeFileSync(folder, '')),
        failure(() => fs.mkdirSync(folder)),
        failure(() => fs.readdirSync(join(folder, 'file'))),
        failure(() => fs.statSync('a\0b')),
        failure(() => fs.rmSync(join(folder, 'none'))),
        failure(() => fs.rmSync(folder)),
        failure(() => fs.accessSync(join(folder, 'none'), fs.constants.R_OK)),
        failure(() => fs.readlinkSync(folder)),
      ]);
    }),
    want: [
      ...['ENOENT', 'EISDIR', 'EEXIST', 'ENOTDIR', 'ERR_INVALID_ARG_VALUE'],
      ...['ENOENT', 'ERR_FS_EISDIR', 'ENOENT', 'EINVAL'],
    ],
  },
  'the message of a mistake': {
    run: inFolder((folder) => {
      const none = join(folder, 'none');
      try {
        fs.readFileSync(none);
        return undefined;
      } catch (error) {
        const { message, errno, syscall, path } = error as NodeJS.ErrnoException;
        return [message.replace(none, 'NONE'), errno, syscall, path === none];
      }
    }),
    want: ["ENOENT: no such file or directory, open 'NONE'", -2, 'open', true],
  },
  'folders in folders': {
    run: inFolder((folder) => {
      fs.mkdirSync(join(folder, 'a/b/c'), { recursive: true });
      fs.mkdirSync(join(folder, 'a/b'), { recursive: true });
      fs.writeFileSync(join(folder, 'a/z'), '');
      fs.rmSync(join(folder, 'a/b'), { recursive: true });
      fs.rmSync(join(folder, 'none'), { force: true });
      return fs.readdirSync(join(folder, 'a'));
    }),
    want: ['z'],
  },
  'renamed, and by its real path': {
    run: inFolder((folder) => {
      fs.writeFileSync(join(folder, 'a'), '1');
      fs.symlinkSync('b', join(folder, 'link'));
      fs.renameSync(join(folder, 'a'), join(folder, 'b'));
      const real = fs.realpathSync(join(folder, 'link'));
      return [real === join(fs.realpathSync(folder), 'b'), fs.readdirSync(folder)];
    }),
    want: [true, ['b', 'link']],
  },
  'by descriptor': {
    run: inFolder((folder) => {
      const file = fs.openSync(join(folder, 'a'), fs.constants.O_CREAT | fs.constants.O_RDWR, 0o600);
      fs.writeSync(file, Buffer.from('abc'));
      const { size } = fs.fstatSync(file);
      fs.closeSync(file);
      const again = fs.openSync(join(folder, 'a'), 'r');
      const into = Buffer.alloc(2);
      const counts = [
        fs.readSync(again, into),
        fs.readSync(again, Buffer.alloc(9)),
        fs.readSync(again, into),
      ];
      fs.closeSync(again);
      return [size, counts, into.toString()];
    }),
    want: [3, [2, 1, 0], 'ab'],
  },
  'into a part of a buffer': {
    run: inFolder(async (folder) => {
      fs.writeFileSync(join(folder, 'a'), 'abc');
      const file = fs.openSync(join(folder, 'a'), 'r');
      const all = Buffer.from('-----');
      const count = fs.readSync(file, all.subarray(1, 3));
      fs.closeSync(file);
      return [count, all.toString(), await failure(() => fs.readSync(file, all))];
    }),
    want: [2, '-ab--', 'EBADF'],
  },
  'a folder of many': {
    run: inFolder((folder) => {
      const names = Array.from({ length: 300 }, (_, i) => `x${i}`).sort();
      for (const name of names) fs.writeFileSync(join(folder, name), '');
      return fs.readdirSync(folder).join() === names.join();
    }),
    want: true,
  },
  'which file it is': {
    run: inFolder(async (folder) => {
      const path = join(folder, 'a');
      const file = await later.open(path, 'wx');
      const one = await file.stat();
      await file.close();
      const other = await later.lstat(path);
      return [one.dev === other.dev, one.ino === other.ino, one.mtimeMs === other.mtimeMs];
    }),
    want: [true, true, true],
  },
  'a handle': {
    run: inFolder(async (folder) => {
      const path = join(folder, 'a');
      const file = await later.open(path, 'wx', 0o600);
      await file.writeFile('abc');
      await file.sync();
      await file.chmod(0o644);
      const { mode, size } = await file.stat();
      await file.close();
      const again = await later.open(path, 'r');
      const { bytesRead } = await again.read(Buffer.alloc(2));
      await again.close();
      return [
        mode & 0o777,
        size,
        bytesRead,
        fs.readFileSync(path, 'utf8'),
        await failure(() => later.open(path, 'wx')),
      ];
    }),
    want: [0o644, 3, 2, 'abc', 'EEXIST'],
  },
  'the mode of a new folder, also as a number, whatever the umask': {
    run: inFolder(async (folder) => {
      await later.mkdir(join(folder, 'a'), 0o700);
      await later.mkdir(join(folder, 'b'), { mode: 0o700 });
      await later.mkdir(join(folder, 'c/d'), { recursive: true, mode: 0o700 });
      fs.mkdirSync(join(folder, 'e'), 0o700);
      return ['a', 'b', 'c', 'c/d', 'e'].map((name) => fs.statSync(join(folder, name)).mode & 0o777);
    }),
    want: [0o700, 0o700, 0o700, 0o700, 0o700],
  },
  'bytes read into a buffer': {
    run: inFolder(async (folder) => {
      fs.writeFileSync(join(folder, 'a'), 'abc');
      const file = await later.open(join(folder, 'a'));
      const into = Buffer.alloc(8);
      const { buffer, bytesRead } = await file.read(into);
      await file.close();
      return [buffer === into, buffer.subarray(0, bytesRead).toString()];
    }),
    want: [true, 'abc'],
  },
});
