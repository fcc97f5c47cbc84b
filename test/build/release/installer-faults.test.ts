import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saying } from '../../helpers/expected.js';
import { missingPrograms } from '../../helpers/programs.js';
import { outcome } from '../../helpers/run.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { installed, makeReleases, programs, type Releases, type Setting, saidBy } from './installing.js';
import type { Fault } from './site.js';

const busyBoxWget = { wget: '#!/bin/sh\nexec busybox wget "$@"\n' };
const tools: readonly { tool: string; setting: Setting }[] = [
  { tool: 'curl', setting: { without: ['wget'] } },
  { tool: 'wget', setting: { without: ['curl'] } },
  { tool: 'wget of BusyBox', setting: { shell: ['busybox', 'sh'], without: ['curl'], instead: busyBoxWget } },
];

describe.skipIf(missingPrograms(programs))('install.sh leaves everything as it was', () => {
  const dir = useTempDir();
  let releases: Releases;
  beforeAll(async () => {
    releases = await makeReleases(dir);
  });
  afterAll(() => {
    releases.server.closeAllConnections();
    releases.server.close();
  });

  /** The script for a server that fails, with less patience. */
  const from = (fault: Fault | 'page-key') => (text: string) =>
    text
      .replace(releases.site, `${releases.site}/.${fault}`)
      .replace('-t 3 -T 60', '-t 1 -T 1')
      .replace('--retry 2', '')
      .replace('--speed-time 60', '--speed-time 1')
      .replace('ulimit -f 131072', 'ulimit -f 128');

  const rows = tools.flatMap(
    ({ tool, setting }) =>
      [
        { fault: 'page', problem: 'is not the released file', tool, setting },
        { fault: 'page-key', problem: 'SHA256SUMS is not signed by the key', tool, setting },
        { fault: 'cut', problem: /cannot be downloaded|is not the released file/, tool, setting },
        { fault: 'loop', problem: 'cannot be downloaded', tool, setting },
        { fault: 'endless', problem: 'cannot be downloaded', tool, setting },
        // BusyBox' wget of Debian knows no limit.
        ...(tool.includes('BusyBox')
          ? []
          : [{ fault: 'silent', problem: 'cannot be downloaded', tool, setting } as const]),
      ] as const,
  );

  it.each(rows)('if the server answers with "$fault", by $tool', async ({ fault, problem, setting }) => {
    const home = releases.newHome();
    const { code, stderr } = await releases.install([], { ...setting, home, change: from(fault) });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(problem) });
    expect(stderr).toMatch(/; nothing was installed\n$/);
    expect(readdirSync(home)).toEqual([]);
  });

  it.each(tools)('on Ctrl-C while it waits for the server, by $tool', async ({ setting }) => {
    const home = releases.newHome();
    const asked = once(releases.server, 'fault');
    const child = releases.start([], { ...setting, home, change: from('silent') });
    const end = outcome(child);
    await asked;
    process.kill(-Number(child.pid), 'SIGINT');
    expect(await end).toMatchObject({ code: 130 });
    expect(readdirSync(home)).toEqual([]);
  });

  const shells = [{ shell: ['dash'] }, { shell: ['busybox', 'sh'] }, { shell: ['bash', '--posix'] }];
  /** A program that does this first for the manual, which is not the first file. */
  const first = (program: string, what: string) => ({
    [program]: `#!/bin/sh\ncase $* in *man1/vmssh.1*) ${what} ;; esac\nexec /bin/${program} "$@"\n`,
  });
  const full = first('cp', 'echo "cp: No space left on device" >&2; exit 1');

  it.each(shells)('on Ctrl-C between two files, by $shell', async ({ shell }) => {
    const setting = { shell, home: releases.newHome(), instead: first('cp', 'kill -s INT 0') };
    expect(await releases.install([], setting)).toMatchObject({ code: 130 });
    expect(readdirSync(setting.home)).toEqual([]);
  });

  it('on a disk that is full', async () => {
    const home = releases.newHome();
    expect(await releases.install([], { home, instead: full })).toMatchObject(
      saying(
        1,
        /^install\.sh: .*share\/man\/man1\/vmssh\.1 cannot be written, as its disk is full: free some space, .*; nothing was installed\n$/,
      ),
    );
    expect(readdirSync(home)).toEqual([]);
  });

  // As curl and wget do: neither says in the same words that a file cannot be written.
  it.each(tools)('where the folder for temporary files is full, by $tool', async ({ setting }) => {
    const home = releases.newHome();
    const change = (text: string) => `ulimit -f 0; trap '' XFSZ\n${text.replace('ulimit -f 131072', ':')}`;
    expect(await releases.install([], { ...setting, home, change })).toMatchObject(
      saying(1, /install\.sh: \S.* is full: free some space, or set TMPDIR .*; nothing was installed\n$/),
    );
    expect(readdirSync(home)).toEqual([]);
  });

  it.each([
    { name: 'Ctrl-C', instead: first('cp', 'kill -s INT 0') },
    { name: 'a full disk', instead: full },
  ])('the older version too, on $name', async ({ instead }) => {
    const home = releases.newHome();
    await releases.install([], { home });
    const before = installed(home);
    expect(await releases.install([], { home, version: '1.2.4', instead })).not.toMatchObject({ code: 0 });
    expect(installed(home)).toEqual(before);
    expect(saidBy(home)).toBe('1.2.3 x64');
  });

  it('but finishes on Ctrl-C once it exchanges files', async () => {
    const home = releases.newHome();
    await releases.install([], { home });
    const instead = first('mv', 'kill -s INT 0');
    expect(await releases.install([], { home, version: '1.2.4', instead })).toMatchObject({ code: 0 });
    expect(saidBy(home)).toBe('1.2.4 x64');
    expect(installed(home).filter((path) => path.endsWith('-new'))).toEqual([]);
  });

  it('where it cannot write', async () => {
    expect(await releases.install(['--prefix=/proc/vmssh'])).toMatchObject(
      saying(1, /\/proc\/vmssh cannot be written: mkdir: .*\nRun this as root, or add --prefix DIR/),
    );
  });

  it('if something that is no folder is in the way', async () => {
    const home = releases.newHome();
    writeTree(home, { '.local/share/man': 'mine' });
    expect((await releases.install([], { home })).stderr).toContain('share/man cannot be written');
    expect(installed(home)).toEqual(['share/man']);
    expect(readdirSync(join(home, '.local'))).toEqual(['share']);
  });
});
