import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { editFile } from '../../../src/files/edit-file.js';
import { fileAt } from '../../../src/hosts/files.js';
import { configFiles } from '../../../src/hosts/places.js';
import { planInstall } from '../../../src/hosts/plan.js';
import { applyPlan } from '../../../src/hosts/write.js';
import type { FakeIo } from '../../helpers/fake-io.js';
import { lacks } from '../../helpers/programs.js';
import { configDefaults, find, named, useConfigHome } from './home.js';

const options = configDefaults;
const home = useConfigHome();
const noSsh = lacks('ssh');

describe('config install, if a file is not its own,', () => {
  it.each([
    { name: 'foreign', text: 'Host a\n', why: 'vmssh did not write it' },
    {
      name: "the package's",
      text: '# Of the package vmssh. For a Host of each machine too: vmssh config install\nHost a\n',
      why: 'it has the lines of the package vmssh, which ssh uses already',
    },
    { name: 'edited', text: undefined, why: 'it was edited since vmssh wrote it' },
  ])('does not change a file that is $name; nor does config uninstall', async ({ text, why }) => {
    await home.install();
    const left = text ?? `${readFileSync(home.own, 'utf8')}Host mine\n`;
    writeFileSync(home.own, left);
    const acts = {
      install: (to: FakeIo) => home.install(named({ prefix: 'x' }), to),
      uninstall: home.uninstall,
    };
    for (const [action, act] of Object.entries(acts)) {
      const to = home.io();
      expect(await act(to)).toBe(1);
      expect(to.stderr.join('')).toMatch(
        new RegExp(`${why}.*\nhint: mv -i ${home.own} ${home.own}\\.old && .*vmssh.* config ${action}`),
      );
      expect(readFileSync(home.own, 'utf8')).toBe(left);
      expect(readFileSync(home.main, 'utf8')).toContain('Include');
    }
  });

  it.each(['EACCES', 'EROFS', 'EPERM'])(
    'prints the line to add if the main file is read-only (%s)',
    async (code) => {
      home.write('config', 'Host a\n');
      const to = home.io();
      const readOnly: typeof editFile = async (path, edit, mode) => {
        if (path === home.main) throw Object.assign(new Error('no'), { code });
        return editFile(path, edit, mode);
      };
      expect(await applyPlan(await planInstall(options, to, find), to, readOnly)).toBe(1);
      expect(to.stdout).toContain(`Include ${home.own}\n`);
      expect(to.stderr.join('')).toContain(
        `read-only (${code}): add this line above its first Host or Match`,
      );
      expect(existsSync(home.own)).toBe(true);
      expect(readFileSync(home.main, 'utf8')).toBe('Host a\n');
    },
  );

  it('fails if its own file cannot be written, and does not change the main one', async () => {
    const to = home.io();
    const full = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
    expect(await applyPlan(await planInstall(options, to, find), to, full)).toBe(1);
    expect(to.stderr.join('')).toContain(`"${home.state}" cannot be written: no space`);
    expect(existsSync(home.main)).toBe(false);
  });

  const readOnly = 'its file system is read-only: see findmnt -T ';
  it.each<[name: string, code: string, system: boolean, platform: 'linux' | 'win32', hint: string]>([
    ['its own folder', 'EACCES', false, 'linux', 'it must belong to you: see ls -ld '],
    ['a folder of root', 'EACCES', true, 'linux', 'only root can write it: run the same command with sudo'],
    ['a read-only file system', 'EROFS', false, 'linux', readOnly],
    ['a read-only file system, as root', 'EROFS', true, 'linux', readOnly],
    [
      'its own folder on Windows',
      'EACCES',
      false,
      'win32',
      'you must be allowed to write there: see icacls ',
    ],
  ])('shows who may write to $0', async (_name, code, system, platform, hint) => {
    const own = home.io();
    const to = Object.assign(own, { platform, env: { ...own.env, USERPROFILE: home.path } });
    const closed = () => Promise.reject(Object.assign(new Error('no'), { code }));
    const plan = await planInstall({ ...options, system }, to, find, configFiles({ system }, to, home.path));
    expect(await applyPlan(plan, to, closed)).toBe(1);
    expect(to.stderr.join('')).toContain(`hint: ${hint}`);
  });

  it.each([
    { name: 'is read-only', bytes: Buffer.from('Host a\n'), mode: 0o444, why: 'is read-only' },
    { name: 'is not UTF-8', bytes: Buffer.from('# caf\xe9\n', 'latin1'), mode: 0o600, why: 'is not UTF-8' },
  ])('does not change a main file that $name, and prints the line', async ({ bytes, mode, why }) => {
    home.write('config', bytes, mode);
    const to = home.io();
    expect(await home.install({}, to)).toBe(1);
    expect(to.stderr.join('')).toContain(`"${home.main}" ${why}`);
    expect(to.stdout.join('')).toBe(
      `Include ${home.own}\n✓ Wrote ~/.local/state/vmssh/hosts.json, ~/.ssh/vmssh.conf\n`,
    );
    expect(readFileSync(home.main).equals(bytes)).toBe(true);
  });

  it('does not replace a main file of root or another user', async () => {
    home.write('config', 'Host a\n');
    const { uid } = statSync(home.main);
    expect(await fileAt(home.main, 'ssh', uid)).toEqual({ text: 'Host a\n' });
    const byHand = `belongs to ${uid === 0 ? 'root' : 'another user'}, who may manage it`;
    const isOthers = uid === 0 ? undefined : true;
    expect(await fileAt(home.main, 'ssh', uid + 1)).toEqual({ text: 'Host a\n', byHand, isOthers });
    expect(await fileAt(home.main, 'ssh', 0)).toEqual({ text: 'Host a\n' });
  });

  it('removes its own file if the main one is read-only', async () => {
    await home.install();
    chmodSync(home.main, 0o444);
    expect(await home.uninstall()).toBe(1);
    expect([existsSync(home.own), existsSync(home.main)]).toEqual([false, true]);
  });

  it('prints the line if the main file has another name, which would not follow', async () => {
    home.write('config', 'Host x\n');
    const other = join(home.path, 'dotfiles');
    linkSync(home.main, other);
    const to = home.io();
    expect(await home.install({}, to)).toBe(1);
    expect(to.stderr.join('')).toMatch(/has 2 names \(hard links\), .*add this line/);
    expect([home.main, other].map((path) => readFileSync(path, 'utf8'))).toEqual(['Host x\n', 'Host x\n']);
    expect(statSync(home.main).ino).toBe(statSync(other).ino);
  });

  it.skipIf(noSsh)('leaves nothing behind if ssh does not accept what is there', async () => {
    home.write('config', 'Host x\n    Nonsense yes\n');
    const to = home.io({ PATH: process.env.PATH });
    expect(await home.install({}, to)).toBe(1);
    expect(to.stderr.join('')).toMatch(
      /ssh does not accept its configuration already without these lines, so they are taken back: .*config: line 2: Bad configuration option: nonsense/,
    );
    expect([existsSync(home.own), existsSync(home.state)]).toEqual([false, false]);
    expect(readFileSync(home.main, 'utf8')).toBe('Host x\n    Nonsense yes\n');
    // A name of its own for ssh, which no domain has.
    home.write(
      'config',
      'CanonicalizeHostname yes\nCanonicalDomains a.invalid\nCanonicalizeFallbackLocal no\n',
    );
    expect(await home.install({}, home.io({ PATH: process.env.PATH }))).toBe(0);
  });

  it("takes back what it wrote if Windows' ssh accepts it no more", async () => {
    home.write('config', 'Host x\n');
    const bad = 'Bad owner or permissions on C:/x/.ssh/vmssh.conf';
    const ssh = `#!/bin/sh\n[ "$1" != -V ] || { echo OpenSSH_for_Windows_9.5p2; exit; }\n[ ! -e '${home.own}' ] || { echo '${bad}' >&2; exit 255; }\n`;
    writeFileSync(join(home.path, 'ssh.exe'), ssh, { mode: 0o755 });
    const own = home.io({ PATH: home.path, USERPROFILE: home.path, LOCALAPPDATA: home.path });
    const to = Object.assign(own, { platform: 'win32' });
    expect(await home.install({}, to)).toBe(1);
    expect(to.stderr.join('')).toMatch(
      /with these lines, so they are taken back: Bad owner .*\nhint: nobody but you may write it: see icacls "C:\/x\/.ssh"/,
    );
    expect([existsSync(home.own), existsSync(join(home.path, 'vmssh/hosts.json'))]).toEqual([false, false]);
    expect(readFileSync(home.main, 'utf8')).toBe('Host x\n');
  });

  it('gives a new file on Windows the access list of config, where ssh accepts it', async () => {
    home.write('config', 'Host x\n');
    const own = home.io();
    const to = Object.assign(own, { platform: 'win32', env: { ...own.env, USERPROFILE: home.path } });
    const { changes } = await planInstall(options, to, find);
    expect(changes.map(({ path, like }) => [path, like])).toContainEqual([home.own, 'config']);
  });

  it.each(['state', 'own'] as const)('changes nothing if its $0 file cannot be written', async (which) => {
    home.write('config', 'Host x\n');
    const closed: typeof editFile = async (path, edit, mode) => {
      if (path === home[which]) throw Object.assign(new Error('no'), { code: 'EACCES' });
      return editFile(path, edit, mode);
    };
    expect(await home.install({}, home.io(), find, closed)).toBe(1);
    expect([existsSync(home.own), existsSync(home.state)]).toEqual([false, false]);
    expect(readFileSync(home.main, 'utf8')).toBe('Host x\n');
    await home.install();
    const before = [home.state, home.own, home.main].map((path) => readFileSync(path, 'utf8'));
    expect(await home.install(named({ prefix: 'x' }), home.io(), find, closed)).toBe(1);
    expect([home.state, home.own, home.main].map((path) => readFileSync(path, 'utf8'))).toEqual(before);
  });

  it('names what stands in the way, and changes nothing', async () => {
    const own = home.io();
    const to = Object.assign(own, { platform: 'win32', env: { ...own.env, USERPROFILE: home.path } });
    home.write('vmssh.conf', '', 0o444);
    expect((await planInstall(options, to, find)).refusal).toMatchObject({
      ...{ path: home.own, why: 'it is read-only', hint: expect.stringMatching(/^attrib -r .*vmssh\.conf/) },
    });
    rmSync(join(home.path, '.ssh'), { recursive: true });
    writeFileSync(join(home.path, '.ssh'), '');
    const linux = home.io();
    expect(await home.install({}, linux)).toBe(1);
    expect(linux.stderr.join('')).toContain(`"${home.path}/.ssh": it is a file, where a folder has to be`);
    expect(existsSync(home.state)).toBe(false);
  });

  it('prints the line if the main file is a link to nowhere', async () => {
    mkdirSync(join(home.path, '.ssh'));
    symlinkSync('../nowhere/config', home.main);
    const to = home.io();
    expect(await home.install({}, to)).toBe(1);
    expect(to.stderr.join('')).toMatch(/cannot be written \(ENOENT.*add this line/);
  });

  it('names a file that it cannot read', async () => {
    mkdirSync(home.main, { recursive: true });
    await expect(home.install()).rejects.toThrow(
      `"${home.main}" cannot be read: EINVAL: it is not a regular file`,
    );
  });
});
