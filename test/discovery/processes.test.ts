import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pathsOf, processesNamed } from '../../src/discovery/processes.js';
import { missingPrograms } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { fakeProc } from './fake-proc.js';

const dir = useTempDir();
const uid = 1000;

describe('processes by name', () => {
  it.each([
    { name: 'one of this user', process: { argv: ['/usr/bin/vm', '-a'], uid }, want: 1 },
    { name: "root's", process: { argv: ['vm'], uid: 0 }, want: 1 },
    { name: "a system user's", process: { argv: ['vm'], uid: 107 }, want: 1 },
    { name: "Debian's libvirt-qemu", process: { argv: ['vm'], uid: 64055 }, want: 1 },
    { name: "not another user's, who may call it anything", process: { argv: ['vm'], uid: 1001 }, want: 0 },
    { name: "not nobody's", process: { argv: ['vm'], uid: 65534 }, want: 0 },
    { name: 'not one of another name', process: { argv: ['/vm/other', 'vm'], uid }, want: 0 },
    { name: 'not a kernel thread', process: { argv: [], uid: 0 }, want: 0 },
  ])('are $name', async ({ process, want }) => {
    const found = await processesNamed(
      /^vm$/,
      { env: {}, procDir: fakeProc(dir, [process]) },
      undefined,
      uid,
    );
    expect(found).toHaveLength(want);
  });

  it('stand behind the loader that started them', async () => {
    const loader = ['/x/ld-linux-x86-64.so.2', '--library-path', '/x/lib', '--argv0=y', '/x/bin/vm', '-a'];
    const procDir = fakeProc(dir, [{ argv: loader }]);
    expect(await processesNamed(/^vm$/, { env: {}, procDir }, undefined, uid)).toEqual([
      { pid: 100, argv: ['/x/bin/vm', '-a'] },
    ]);
  });

  it('are read once for all providers of a listing', async () => {
    const deps = { env: {}, procDir: fakeProc(dir, [{ argv: ['vm'] }]), memo: {} };
    await processesNamed(/^vm$/, deps);
    const gone = { ...deps, procDir: '/nonexistent' };
    await expect(processesNamed(/^other$/, gone)).resolves.toEqual([]);
  });

  it.skipIf(missingPrograms({ mkfifo: 'coreutils' }))(
    'hold nobody up whose memory cannot be read',
    async () => {
      const procDir = fakeProc(dir, [{ argv: ['vm'] }, { argv: ['vm'] }]);
      const stuck = join(procDir, '101/cmdline');
      rmSync(stuck);
      execFileSync('mkfifo', [stuck]);
      const found = processesNamed(/^vm$/, { env: {}, procDir });
      const late = new Promise((resolve) => setTimeout(() => resolve('late'), 50));
      expect(await Promise.race([found, late])).toBe('late');
      writeFileSync(stuck, 'vm\0-b\0');
      expect(await found).toEqual([
        { pid: 100, argv: ['vm'] },
        { pid: 101, argv: ['vm', '-b'] },
      ]);
    },
  );

  it('have a folder that their relative paths begin in', async () => {
    const procDir = fakeProc(dir, [{ argv: ['vm'], cwd: '/srv' }]);
    const seen = await pathsOf(100, { env: {}, procDir });
    expect(['a.sock', './b', '/c'].map(seen)).toEqual(['/srv/a.sock', '/srv/b', '/c']);
    expect((await pathsOf(101, { env: {}, procDir }))('a')).toBe(`${procDir}/101/cwd/a`);
  });
});
