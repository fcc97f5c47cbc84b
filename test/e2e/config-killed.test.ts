import { existsSync, mkdtempSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lacks } from '../helpers/programs.js';
import { executable, run, underTrace, vmssh } from '../helpers/run.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';

describe.skipIf(lacks('ssh', 'strace'))('config install', () => {
  const dir = useTempDir();
  const envOf = (home: string) => ({ ...process.env, HOME: home, XDG_RUNTIME_DIR: dir });
  const inHome = (home: string, ...args: string[]) => run([...vmssh, ...args], { env: envOf(home) });
  const before = 'Host a\n    User b\n';
  function newHome(): string {
    const home = mkdtempSync(join(dir, 'x'));
    writeTree(home, { '.ssh/config': before });
    return home;
  }

  // Each system call by which a file can change; the 1st, 2nd … of all is the last that the process makes.
  const calls = 'rename,renameat,renameat2,write,pwrite64,fsync,chmod,fchmod,fchmodat,ftruncate';
  const folders = ['.ssh', '.local/state/vmssh'];
  it('leaves the old or the new file when killed at any write', async () => {
    const goal = newHome();
    await inHome(goal, 'config', 'install', '--only-patterns');
    // Both name their home, of which the sum at the top is another one.
    const ownIn = (home: string) =>
      readFileSync(join(home, '.ssh/vmssh.conf'), 'utf8').replace(/sha256:\S+/, '');
    const after = {
      own: (home: string) => ownIn(goal).replaceAll(goal, home),
      main: (home: string) => readFileSync(join(goal, '.ssh/config'), 'utf8').replaceAll(goal, home),
    };
    const seen = new Set<string>();
    let isTidy = false;
    const { first, last } = await changes();
    // A start of Node takes its time: there at every third one.
    const step = executable === undefined ? 3 : 1;
    for (let at = first, killed = true; killed; at += step) {
      const home = newHome();
      const [own, main] = [join(home, '.ssh/vmssh.conf'), join(home, '.ssh/config')];
      // Calls by descriptor have no path: all are counted.
      const inject = ['-e', `inject=${calls}:signal=SIGKILL:when=${at}`];
      const strace = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`];
      const command = [...strace, ...inject, ...vmssh, 'config', 'install', '--only-patterns'];
      // strace counts for each thread by itself: on one thread the calls come in one order.
      const { signal, code } = await run(command, {
        env: { ...envOf(home), ...underTrace, UV_THREADPOOL_SIZE: '1' },
      });
      killed = signal === 'SIGKILL' || code === 137;
      const text = existsSync(own) ? ownIn(home) : undefined;
      expect([undefined, after.own(home)]).toContain(text);
      expect([before, after.main(home)]).toContain(readFileSync(main, 'utf8'));
      if (readFileSync(main, 'utf8') !== before) expect(text).toBe(after.own(home));
      seen.add(
        `${text === undefined ? 'old' : 'new'} ${readFileSync(main, 'utf8') === before ? 'old' : 'new'}`,
      );
      const leftovers = () =>
        folders
          .map((folder) => join(home, folder))
          .flatMap((folder) =>
            existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [],
          )
          .filter((path) => basename(path).startsWith('.'));
      const dropped = leftovers();
      // What a killed one leaves is removed: at once, or when it is old.
      expect(await inHome(home, 'config', 'install', '--only-patterns')).toMatchObject({ code: 0 });
      expect(readFileSync(main, 'utf8')).toBe(after.main(home));
      const left = leftovers();
      if (left.length === 0) {
        isTidy ||= dropped.length > 0;
        continue;
      }
      for (const path of left) utimesSync(path, 0, 0);
      expect(await inHome(home, 'config', 'install', '--only-patterns')).toMatchObject({ code: 0 });
      expect(folders.flatMap((folder) => readdirSync(join(home, folder)).sort())).toEqual([
        ...['config', 'vmssh.conf', 'hosts.json'],
      ]);
      isTidy = true;
      if (at > last + 100) throw new Error('it is killed again and again');
    }
    expect([...seen].sort()).toEqual(['new new', 'new old', 'old old']);
    expect(isTidy).toBe(true);
  }, 300_000);

  /**
   * Which of its thread's calls is the first that touches a file of the home, less 10, and which is that thread's last: Node
   * loads modules until the first, and how often a thread wakes another by a write differs a little from run to run.
   */
  async function changes(): Promise<{ first: number; last: number }> {
    const home = newHome();
    const trace = join(home, 'trace');
    const strace = ['strace', '-f', '-y', '-qq', '-e', 'signal=none', '-e', `trace=${calls}`, '-o', trace];
    const env = { ...envOf(home), ...underTrace, UV_THREADPOOL_SIZE: '1' };
    await run([...strace, ...vmssh, 'config', 'install', '--only-patterns'], { env });
    const counts = new Map<string, number>();
    let found: { thread: string; first: number } | undefined;
    for (const line of readFileSync(trace, 'utf8').split('\n')) {
      const [, thread = '', rest = ''] = /^(\d+) +(\w+\(.*)/.exec(line) ?? [];
      const count = (counts.get(thread) ?? 0) + 1;
      counts.set(thread, count);
      if (rest.includes(`<${home}/.`)) found ??= { thread, first: Math.max(1, count - 10) };
    }
    if (found === undefined) throw new Error('no call touches a file of the home');
    return { first: found.first, last: counts.get(found.thread) ?? 0 };
  }
});
