import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lostLines, notInEffect } from '../../src/hosts/in-effect.js';
import { configText } from '../../src/hosts/text.js';
import { fakeIo } from '../helpers/fake-io.js';
import { findProgram, lacks } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';

describe.skipIf(lacks('ssh'))('what ssh takes of our lines', () => {
  const dir = useTempDir();
  const ours = configText({ program: ['/opt/vmssh'], fdpass: true, platform: 'linux', asksForKeys: true });
  let count = 0;

  /** Files in a folder of their own, and an ssh in PATH that reads one of them in place of its own. */
  function placed(files: Readonly<Record<string, string>>, reads: string, dropped = 0) {
    const folder = join(dir, `${count++}`);
    const at = (name: string) => join(folder, name);
    for (const each of ['.ssh', 'ssh_config.d', 'bin']) mkdirSync(at(each), { recursive: true });
    const write = (name: string, text: string) =>
      writeFileSync(at(name), text.replaceAll('FOLDER', folder), { mode: 0o600 });
    for (const [name, text] of Object.entries(files)) write(name, text);
    const wrapper = `#!/bin/sh\nshift ${dropped}\nexec '${findProgram('ssh')}' -F '${at(reads)}' "$@"\n`;
    writeFileSync(at('bin/ssh'), wrapper, { mode: 0o755 });
    const io = fakeIo({ env: { PATH: `${at('bin')}:${process.env.PATH}` } });
    return { at, write, io };
  }

  function users(files: Readonly<Record<string, string>>, reads = '.ssh/config') {
    const { at, write, io } = placed({ '.ssh/vmssh.conf': ours, ...files }, reads);
    const include = [at('.ssh/vmssh.conf')];
    const places = { own: at('.ssh/vmssh.conf'), state: at('state'), main: at('.ssh/config'), include };
    return { at, write, look: () => notInEffect(places, io), lost: () => lostLines(io, places) };
  }

  it('is all of it, if its file includes them first', async () => {
    const { look } = users({ '.ssh/config': 'Include FOLDER/.ssh/vmssh.conf\nProxyCommand none\n' });
    expect(await look()).toBe(undefined);
  });

  it('is nothing once another program wrote the file anew', async () => {
    const { look, lost, write } = users({ '.ssh/config': 'Host web\n    User ann\n' });
    expect(await look()).toMatchObject({
      problem: expect.stringMatching(/config does not include .*vmssh\.conf above its first Host/),
      fix: expect.stringMatching(/^vmssh config install, or give that program this line .*: Include /),
    });
    expect(await lost()).toEqual(await look());
    write('.ssh/vmssh.conf', '');
    expect(await lost()).toBe(undefined);
    write('.ssh/vmssh.conf', ours);
    write('.ssh/config', 'Include FOLDER/.ssh/vmssh.conf\n');
    expect(await look()).toBe(undefined);
  });

  // loft-sh/devpod#1180: a Host put above all that was there.
  it('is nothing once another program put a Host above the Include', async () => {
    const { look } = users({ '.ssh/config': 'Host pod\n    User ann\nInclude FOLDER/.ssh/vmssh.conf\n' });
    expect(await look()).toMatchObject({
      problem: expect.stringMatching(/config does not include .*vmssh\.conf above its first Host/),
      fix: expect.stringMatching(/^vmssh config install, or /),
    });
  });

  it('is nothing below a ProxyJump for all hosts, which counts in place of a ProxyCommand', async () => {
    const jump = 'Host *\n    ProxyJump bastion\n';
    const { at, look } = users({ '.ssh/config': `${jump}Match all\nInclude FOLDER/.ssh/vmssh.conf\n` });
    expect(await look()).toMatchObject({
      problem: `${at('.ssh/config')} line 2 sets ProxyJump, and ssh takes the first one that it reads`,
      fix: 'put that ProxyJump below the Include of vmssh.conf',
    });
  });

  it('is nothing for a program that is not OpenSSH, and comes first in PATH', async () => {
    const { at, look } = users({ '.ssh/config': 'Include FOLDER/.ssh/vmssh.conf\n' });
    writeFileSync(at('bin/ssh'), '#!/bin/sh\necho "Dropbear v2022.83" >&2\nexit 1\n', { mode: 0o755 });
    expect(await look()).toMatchObject({
      problem: `${at('bin/ssh')} is not OpenSSH, and does not read these lines`,
      fix: expect.stringMatching(/^put \/\S+ first in PATH$/),
    });
  });

  it('is nothing for an ssh that may not be executed', async () => {
    const { at, write } = placed({ '.ssh/vmssh.conf': ours }, '.ssh/config');
    write('bin/ssh', '#!/bin/sh\n');
    chmodSync(at('bin/ssh'), 0o644);
    const io = fakeIo({ env: { PATH: at('bin') } });
    const files = { own: at('.ssh/vmssh.conf'), state: '', main: at('.ssh/config'), include: [] };
    expect(await notInEffect(files, io)).toEqual({
      problem: '"ssh" could not be run: you may not execute it',
      about: 'ssh does not start',
      fix: `see ls -l ${at('bin/ssh')}; in a snap: snap connect NAME:ssh-keys`,
    });
  });

  it('is nothing for a wrapper with another -F, until that has the line', async () => {
    const main = 'Include FOLDER/.ssh/vmssh.conf\n';
    const { at, look, write } = users({ '.ssh/config': main, work: 'Host web\n    User ann\n' }, 'work');
    const found = await look();
    expect(found?.problem).toContain(`the ssh in PATH reads ${at('work')} in place of ${at('.ssh/config')}`);
    expect(found?.fix).toBe(`put this line at the top of ${at('work')}: Include ${at('.ssh/vmssh.conf')}`);
    write('work', `${found?.fix.split(': ')[1]}\nHost web\n    User ann\n`);
    expect(await look()).toBe(undefined);
  });

  it.each([
    { keyword: 'KnownHostsCommand', by: 1, line: 'KnownHostsCommand /usr/bin/sss_ssh_knownhosts %H' },
    { keyword: 'ProxyCommand', by: 4, line: 'Host web\nProxyCommand none\nHost *\nProxyCommand nc %h %p' },
  ])('is void for all users below another $keyword, and not above it', async ({ keyword, by, line }) => {
    const include = 'Host other\n    ProxyCommand none\nHost *\nInclude FOLDER/ssh_config.d/*.conf\n';
    const files = { ssh_config: include, 'ssh_config.d/04-ipa.conf': `${line}\n` };
    const { at, io, write } = placed({ ...files, 'ssh_config.d/10-vmssh.conf': ours }, 'ssh_config', 2);
    const look = (name: string) =>
      notInEffect({ own: at(name), state: '', main: undefined, include: [] }, io);
    expect(await look('ssh_config.d/10-vmssh.conf')).toMatchObject({
      problem: `${at('ssh_config.d/04-ipa.conf')} line ${by} sets ${keyword}, and ssh takes the first one that it reads`,
    });
    write('ssh_config.d/00-vmssh.conf', ours);
    expect(await look('ssh_config.d/00-vmssh.conf')).toBe(undefined);
  });

  it('is unknown without an ssh', async () => {
    const places = { own: join(dir, 'none'), state: '', main: join(dir, 'main'), include: [] };
    expect(await notInEffect(places, fakeIo({ env: { PATH: '/proc/none' } }))).toBe(undefined);
  });
});
