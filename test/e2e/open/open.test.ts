import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listing, PeerFolder } from '../../discovery/machined/varlink-peer.js';
import { findProgram, missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

describe.skipIf(missingPrograms({ ssh: 'openssh-client' }))('vmssh open', () => {
  const dir = useTempDir();
  const folder = new PeerFolder();
  const odd = `It's "100%" Größe; $(id)`;
  const machines = ['Web t8', odd, '日本 t8'];
  beforeAll(() =>
    folder.listen('user/systemd/machine/io.systemd.Machine', (_request, peer) => {
      peer.write(listing(machines.map((name, i) => ({ name, class: 'vm', vSockCid: 42 + i }))));
    }),
  );
  afterAll(() => folder.stop());

  /** A home, and stand-ins for editors that write down what they were given. */
  function newHome(editors: Readonly<Record<string, string>>) {
    const home = mkdtempSync(join(dir, 'x'));
    const bin = join(home, 'bin');
    mkdirSync(join(home, '.ssh'), { recursive: true });
    mkdirSync(bin);
    for (const [name, script] of Object.entries(editors))
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    // ssh takes the home from the user database: the real one, with the file of this home.
    const ssh = `#!/bin/sh\nexec ${findProgram('ssh')} -F ${join(home, '.ssh/vmssh.conf')} "$@"\n`;
    writeFileSync(join(bin, 'ssh'), ssh, { mode: 0o755 });
    const env = {
      ...process.env,
      ...{ HOME: home, XDG_RUNTIME_DIR: join(folder.path, 'user'), PATH: `${bin}:/usr/bin:/bin` },
    };
    return { home, bin, call: (...args: string[]) => run([...vmssh, ...args], { env }) };
  }
  const noting = 'printf "%s\\n" "$0" "$@" > "$HOME/noted.part"; mv "$HOME/noted.part" "$HOME/noted"';

  it('starts an editor with the Host that config install wrote', async () => {
    const { home, bin, call } = newHome({ code: noting, zed: noting });
    expect(await call('config', 'install')).toMatchObject({ code: 0 });
    const opened = await call('open', 'Web t8:/srv/my site');
    expect(opened).toMatchObject({ code: 0, stdout: '' });
    expect(opened.stderr).toBe('vmssh: VS Code opens Web t8/srv/my site\n');
    // A Host with capital letters is in hexadecimal digits.
    await expect.poll(() => existsSync(join(home, 'noted'))).toBe(true);
    const [program, option, uri = ''] = readFileSync(join(home, 'noted'), 'utf8').split('\n');
    expect([program, option]).toEqual([join(bin, 'code'), '--folder-uri']);
    const [, hex = '', path] = /^vscode-remote:\/\/ssh-remote\+([0-9a-f]+)(\/.*)$/.exec(uri) ?? [];
    expect(JSON.parse(Buffer.from(hex, 'hex').toString())).toEqual({ hostName: 'Web-t8' });
    expect(path).toBe('/srv/my%20site');
    expect(await call('open', '--in', 'zed', '--print-command', 'ann@web-t8:/srv')).toMatchObject({
      code: 0,
      stdout: `${join(bin, 'zed')} ssh://ann@web-t8/srv\n`,
    });
  });

  it('names a machine with quotes, % and other letters by its Host, and escapes its path', async () => {
    const { home, bin, call } = newHome({ code: noting, zed: noting });
    expect(await call('config', 'install')).toMatchObject({ code: 0 });
    const noted = async (...args: string[]) => {
      rmSync(join(home, 'noted'), { force: true });
      expect(await call('open', ...args)).toMatchObject({ code: 0, stdout: '' });
      await expect.poll(() => existsSync(join(home, 'noted'))).toBe(true);
      return readFileSync(join(home, 'noted'), 'utf8').trimEnd().split('\n');
    };
    for (const [name, host] of [
      [odd, 'It-s-100-Größe-id'],
      ['日本 t8', '日本-t8'],
    ] as const) {
      const path = `/srv/${name}/x`;
      const [program, option, uri = ''] = await noted('--path', path, name);
      expect([program, option]).toEqual([join(bin, 'code'), '--folder-uri']);
      const { pathname, host: authority } = new URL(uri.replace('vscode-remote:', 'http:'));
      expect(decodeURIComponent(pathname)).toBe(path);
      const { hostName } = JSON.parse(Buffer.from(authority.slice('ssh-remote+'.length), 'hex').toString());
      expect(hostName).toBe(host);
    }
    const refused = await call('open', '--in', 'zed', '--path', '/srv', odd);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /that Zed takes: letters, digits, dots and dashes\nhint: .*open --in code/,
    );
  });

  it('says that ssh has no Host, with the fix, and starts nothing', async () => {
    const { home, call } = newHome({ code: noting });
    writeFileSync(join(home, '.ssh/vmssh.conf'), '');
    const { code, stdout, stderr } = await call('open', 'Web t8');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^vmssh: ssh's configuration has no Host for "Web t8"\nhint: .*config install\n$/);
    expect(existsSync(join(home, 'noted'))).toBe(false);
  });

  it('says what an editor ended with that could not do it', async () => {
    const { bin, call } = newHome({ code: 'echo no >&2; exit 9' });
    expect(await call('config', 'install', '--only-patterns')).toMatchObject({ code: 0 });
    expect((await call('open', 'vsock/3')).stderr).toMatch(
      new RegExp(
        `^vmssh: VS Code ended with exit code 9\nhint: to see why: ${bin}/code --remote ssh-remote\\+7b`,
      ),
    );
  });

  it('lists the editors, and which are installed', async () => {
    const { bin, call } = newHome({ zeditor: '' });
    expect((await call('open', '--list')).stdout).toMatch(
      new RegExp(`^code +VS Code +not installed\n.*^zed +Zed +${bin}/zeditor\n`, 'ms'),
    );
    const { editors } = JSON.parse((await call('open', '--list', '--json')).stdout);
    expect(editors.find(({ name }: { name: string }) => name === 'zed')).toEqual({
      ...{ name: 'zed', title: 'Zed', installed: true, program: join(bin, 'zeditor') },
    });
    expect((await call('open', '--in', 'codium', 'mint')).stderr).toMatch(
      /^vmssh: VSCodium is not installed: PATH has no codium\nhint: .* open --list\n$/,
    );
    expect((await call('open', '--in', 'zed', 'mint')).stderr).toMatch(
      /^vmssh: Zed opens a folder: give its path\nhint: .* open mint:\/PATH\n$/,
    );
  });
});
