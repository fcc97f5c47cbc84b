import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { configFiles, readElsewhere, spellings } from '../../src/hosts/places.js';
import { runProgram } from '../../src/process/run-program.js';
import { hasInclude, withInclude, withoutInclude } from '../../src/ssh/config/file.js';
import { fakeIo } from '../helpers/fake-io.js';
import { lacks } from '../helpers/programs.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';

const env = { HOME: '/home/me', USERPROFILE: '/Users/me b' };
const whole = '"/Users/me b/.ssh/vmssh.conf"';

// Git's ssh takes C:/… for a path in ~/.ssh; Windows' own takes "~" from HOME.
it.each([
  { name: 'none', before: undefined },
  { name: 'one with Hosts', before: 'Host a\r\n' },
  { name: 'both, in lines of the user', before: `Include vmssh.conf\nInclude ${whole}\n`, stays: true },
])(
  'on Windows the Include names our file for each ssh: before it is $name',
  async ({ before, stays = false }) => {
    const io = fakeIo({ env, platform: 'win32' });
    const files = configFiles({ system: false }, io);
    const needed = await spellings(files, before ?? '', io);
    expect(hasInclude(before ?? '', needed)).toBe(stays);
    const after = withInclude(before, files.include, needed);
    if (stays) expect(after).toBe(before);
    else expect(after).toMatch(/^.*\r?\nInclude "\/Users\/me b\/\.ssh\/vmssh\.conf" vmssh\.conf\r?\n/);
    expect(hasInclude(after, needed)).toBe(true);
    expect(after.match(/vmssh\.conf/g)).toHaveLength(2);
    expect(withoutInclude(after, files.include)).toBe(before);
  },
);

it('elsewhere one name is enough, in any spelling', async () => {
  const io = fakeIo({ env, platform: 'linux' });
  const files = configFiles({ system: false }, io);
  expect(files.include).toEqual([files.own]);
  for (const name of ['vmssh.conf', '~/.ssh/vmssh.conf', files.own, `"${files.own}"`]) {
    const main = `Include ${name}\n`;
    expect(hasInclude(main, await spellings(files, main, io))).toBe(true);
  }
});

const dir = useTempDir();
const noSsh = lacks('ssh');

it.skipIf(noSsh).each(['home', `it's a "100%" \\ $HOME [x]*? {a,b} ~`])(
  'ssh finds our file with another HOME, as of sudo -E or CI: %s',
  async (name) => {
    const home = join(dir, 'homes', name);
    mkdirSync(join(home, '.ssh'), { recursive: true });
    const io = fakeIo({ env: { HOME: home } });
    const files = configFiles({ system: false }, io);
    writeFileSync(files.own, 'Host mint\n    HostName reached\n');
    const main = withInclude('Host a\n', files.include);
    writeFileSync(join(home, '.ssh/config'), main, { mode: 0o600 });
    expect(hasInclude(main, await spellings(files, main, io))).toBe(true);
    const asked = ['ssh', '-F', join(home, '.ssh/config'), '-G', 'mint'];
    const { stdout } = await runProgram(asked, {
      env: { ...process.env, HOME: '/proc/none' },
      timeoutMs: 9000,
    });
    expect(stdout).toContain('\nhostname reached\n');
    expect(withoutInclude(main, files.include)).toBe('Host a\n');
  },
);

it.skipIf(noSsh)("on Windows says which file Git's ssh reads, and the line that it needs there", async () => {
  for (const name of ['bin', 'home/.ssh', 'profile/.ssh']) mkdirSync(join(dir, name), { recursive: true });
  const says = (version: string) =>
    writeFileSync(join(dir, 'bin/ssh.exe'), `#!/bin/sh\necho ${version} >&2\n`, { mode: 0o755 });
  const homes = { HOME: join(dir, 'home'), USERPROFILE: join(dir, 'profile') };
  const io = fakeIo({ env: { ...homes, PATH: join(dir, 'bin') }, platform: 'win32' });
  const files = configFiles({ system: false }, io);
  says('OpenSSH_for_Windows_9.5p2, LibreSSL 3.8.2');
  expect(await readElsewhere(files, io)).toBeUndefined();
  says('OpenSSH_9.9p1, OpenSSL 3.2.3');
  const { found = '', fix = '' } = (await readElsewhere(files, io)) ?? {};
  expect(found).toMatch(
    `HOME is ${homes.HOME}, which Git's ssh uses, but Windows' ssh and vmssh use the profile`,
  );
  const [, path = '', line = ''] = /at the top of (.*): (Include .*)$/.exec(fix) ?? [];
  expect(path).toBe(join(dir, 'home/.ssh/config'));
  writeFileSync(files.own, 'Host mint\n    HostName reached\n');
  writeFileSync(path, `${line}\n`);
  expect(await readElsewhere(files, io)).toBeUndefined();
  const { stdout } = await runProgram(['ssh', '-F', path, '-G', 'mint'], {
    env: process.env,
    timeoutMs: 9000,
  });
  expect(stdout).toContain('\nhostname reached\n');
  const drive = { own: 'C:\\Users\\A b\\.ssh\\vmssh.conf', include: [] };
  writeFileSync(path, '');
  expect((await readElsewhere(drive, io))?.fix).toMatch(/: Include "\/c\/Users\/A b\/\.ssh\/vmssh\.conf"$/);
});

it('has one command where the home of the password database takes no file', async () => {
  const home = join(dir, 'run');
  const io = fakeIo({ env: { HOME: home } });
  const files = configFiles({ system: false }, io);
  const fix = async (canWrite: boolean) => (await readElsewhere(files, io, () => canWrite))?.fix;
  expect(await fix(true)).toMatch(/^HOME=\S+ vmssh config install; or, /);
  expect(await fix(false)).toBe(`ssh -F ${home}/.ssh/config NAME`);
  writeTree(home, { '.ssh/id_ed25519': '' });
  expect(await fix(false)).toBe(`ssh -F ${home}/.ssh/config -i ${home}/.ssh/id_ed25519 NAME`);
});
