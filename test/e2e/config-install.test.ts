import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import SshConfig, { LineType } from 'ssh-config';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRoot } from '../../src/files/place.js';
import type { JsonObject } from '../../src/sources/tools/json.js';
import { callerForSsh } from '../../src/ssh/config/caller.js';
import { ends, printing, saying } from '../helpers/expected.js';
import { lacks } from '../helpers/programs.js';
import { run, underTrace, vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { onTerminal } from '../helpers/terminal.js';
import { listing, PeerFolder } from '../sources/machined/varlink-peer.js';

const id = '0123456789abcdef0123456789abcdef';
// This host may have machines of its own: none is called like these.
const machines: readonly JsonObject[] = [
  { name: 'web-t7', class: 'vm', id, vSockCid: 42 },
  { name: 'Mint 22 (t7)', class: 'vm', vSockCid: 43 },
  { name: "it's 100%h $HOME `t7`", class: 'vm', vSockCid: 44 },
  { name: 'Größe t7', class: 'vm', vSockCid: 45 },
];
const hosts = ['web-t7', 'Mint-22-t7', 'it-s-100-h-HOME-t7', 'Größe-t7'];

describe.skipIf(lacks('ssh'))('config install', () => {
  const dir = useTempDir();
  const folder = new PeerFolder();
  const key = join(dir, '100% "mine"', '\\id');
  // That others may read.
  const openKey = join(dir, 'open');
  const keys: Readonly<Record<string, string>> = { 'web-t7': key, 'Größe t7': openKey };
  // Another machine of this host, as far as its list of processes shows.
  const theirs = `mint-${process.pid}`;
  const sleeping = ['-c', 'read line', '-name', theirs];
  let other: ChildProcess;
  beforeAll(async () => {
    other = spawn('sh', sleeping, { argv0: 'qemu-system-x86_64', stdio: ['pipe', 'ignore', 'ignore'] });
    await once(other, 'spawn');
    await folder.listen('user/systemd/machine/io.systemd.Machine', (_request, peer) => {
      peer.write(listing(machines.map((each) => ({ ...each, sshPrivateKeyPath: keys[String(each.name)] }))));
    });
    mkdirSync(dirname(key));
    writeFileSync(key, '', { mode: 0o600 });
    writeFileSync(openKey, '');
    chmodSync(openKey, 0o644);
  });
  afterAll(() => {
    other.kill();
    folder.stop();
  });

  const envOf = (home: string) => ({
    ...process.env,
    HOME: home,
    XDG_RUNTIME_DIR: join(folder.path, 'user'),
  });
  const inHome = (home: string, ...args: string[]) => run([...vmssh, ...args], { env: envOf(home) });
  function newHome(name = 'h'): string {
    const home = join(mkdtempSync(join(dir, 'x')), name);
    mkdirSync(join(home, '.ssh'), { recursive: true });
    return home;
  }

  /** What the real ssh makes of a name. */
  async function effective(config: string, host: string): Promise<Readonly<Record<string, string>>> {
    const { code, stdout, stderr } = await run(['ssh', '-F', config, '-T', '-G', host]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return Object.fromEntries(stdout.split('\n').map((line) => line.split(/ (.*)/s).slice(0, 2)));
  }

  it.each(['home', `ho me's "q" 100%h Ü`])('writes Hosts that ssh reads, in %j', async (name) => {
    const home = newHome(name);
    expect(await inHome(home, 'config', 'install')).toMatchObject({ code: 0 });
    expect(await inHome(home, 'config', 'diff')).toMatchObject({ code: 0, stdout: '' });
    const own = join(home, '.ssh/vmssh.conf');
    expect(await effective(own, 'web-t7')).toMatchObject({
      proxycommand: expect.stringMatching(/ proxy (--fdpass )?(--record )?machine\/web-t7 %p$/),
      hostkeyalias: 'web-t7',
      userknownhostsfile: expect.stringMatching(
        /\/\.ssh\/vmssh_known_hosts\.new .*\/\.ssh\/vmssh_known_hosts$/,
      ),
      // The word is the user's: what the lines ask, vmssh, decides without one.
      stricthostkeychecking: 'ask',
      identityfile: key.replace('%', '%%'),
    });
    expect((await effective(own, 'Größe-t7')).identityfile).not.toBe(openKey);
    const { host: _, ...web } = await effective(own, 'web-t7');
    expect(await effective(own, '01234567-89ab-cdef-0123-456789abcdef')).toMatchObject({
      ...web,
      hostname: '01234567-89ab-cdef-0123-456789abcdef',
      // A typed UUID is itself what the proxy looks for.
      proxycommand: web.proxycommand?.replace('machine/web-t7', "--typed '%n' '%h'"),
    });
    for (const host of hosts) expect((await effective(own, host)).proxycommand).toContain(' proxy ');
    for (const other of ['web-t72', 'example.com', 'mint-t7', '01234567-89ab-cdef-0123-456789abcdee'])
      expect((await effective(own, other)).proxycommand).toBeUndefined();
  });

  it('ends well, and again, with machines of odd names', async () => {
    const odd = new PeerFolder();
    const names = ['-oProxyCommand=touch x;$(id)', 'a/b', 'plain-t7'];
    const listed = names.map((name, at) => ({ name, class: 'vm', vSockCid: 60 + at }));
    await odd.listen('user/systemd/machine/io.systemd.Machine', (_request, peer) => {
      peer.write(listing(listed));
    });
    const home = newHome();
    const env = { ...envOf(home), XDG_RUNTIME_DIR: join(odd.path, 'user') };
    for (const wrote of [/^✓ Wrote /m, /^✓ Up to date: /m]) {
      const { code, stdout, stderr } = await run([...vmssh, 'config', 'install'], { env });
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(wrote) });
      expect(stdout).toContain(`: ssh -F ${home}/.ssh/config `);
      expect(stderr).not.toMatch(/^hint: /m);
    }
    appendFileSync(join(home, '.ssh/config'), 'Host x\nNonsense yes\n');
    const refused = await run([...vmssh, 'config', 'install'], { env });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /: Bad configuration option: nonsense.*\nhint: correct or remove line \d+ of /,
    );
    expect((await effective(join(home, '.ssh/vmssh.conf'), 'plain-t7')).proxycommand).toBeDefined();
    odd.stop();
  });

  it.skipIf(lacks('script'))(
    'has list show the names that ssh takes, and before that how to log in',
    async () => {
      const home = newHome();
      const env = { ...envOf(home), NO_COLOR: '1' };
      const ask = [...vmssh, 'list', '--provider', 'machined'];
      const onScreen = async () => (await onTerminal(ask, /^never$/, '', env)).stdout.replaceAll('\r', '');
      const before = await onScreen();
      expect(before).toMatch(/^To log in: .*vmssh(\.js)? setup web-t7$/m);
      expect(before).not.toContain('LOG IN WITH');
      await inHome(home, 'config', 'install', '--prefix', 'vm-');
      const after = await onScreen();
      expect(after).toMatch(/NAME +STATE +SOURCE +LOG IN WITH$/m);
      for (const host of hosts) expect(after).toMatch(new RegExp(` ssh vm-${host}$`, 'm'));
      expect(after).not.toContain('To log in');
      const { stdout } = await inHome(home, 'list', '--provider', 'machined', '--json');
      const names = JSON.parse(stdout).machines.map(({ sshName }: { sshName: string }) => sshName);
      expect(names).toEqual(expect.arrayContaining(hosts.map((host) => `vm-${host}`)));
      for (const host of names)
        expect((await effective(join(home, '.ssh/vmssh.conf'), host)).proxycommand).toContain(' proxy ');
    },
  );

  it('writes -o and --no-fdpass for every Host, keeps both for later runs, and takes them back', async () => {
    const home = newHome();
    const own = join(home, '.ssh/vmssh.conf');
    const install = (...args: string[]) => inHome(home, 'config', 'install', ...args);
    expect(await install('--no-fdpass', '-o', 'SetEnv=A="x y"', '-o', 'User=ann')).toMatchObject({ code: 0 });
    expect(await install()).toMatchObject(printing(0, /^✓ Up to date: /));
    for (const host of ['web-t7', 'vsock/3', 'machine/x'])
      expect(await effective(own, host)).toMatchObject({
        user: 'ann',
        setenv: 'A=x y',
        proxyusefdpass: 'no',
        proxycommand: expect.not.stringContaining('--fdpass'),
      });
    for (const [option, why] of [
      ['ProxyCommand=x', 'ssh would no longer reach the machine by vmssh'],
      ['UserKnownHostsFile=x', 'host keys'],
      ['ProxyUseFdpass=no', 'use --no-fdpass'],
      ['ForwardAgnet=yes', 'ssh does not accept it: Bad configuration option: forwardagnet'],
    ] as const) {
      expect(await install('-o', option)).toMatchObject(saying(2, why));
    }
    expect(await install('--fdpass', '-o', 'User=', '-o', 'SetEnv=')).toMatchObject({ code: 0 });
    expect(await effective(own, 'web-t7')).toMatchObject({ user: userInfo().username });
    expect(readFileSync(own, 'utf8')).not.toMatch(/SetEnv/);
  });

  it('hands each machine to the proxy as it is called, through ssh and the shell', async () => {
    const home = newHome();
    const spy = join(home, `sp y's`);
    writeFileSync(spy, '#!/bin/sh\nprintf "%s|" "$@" >> "$HOME/said"; echo >> "$HOME/said"\n', {
      mode: 0o755,
    });
    await inHome(home, 'config', 'install');
    const own = join(home, '.ssh/vmssh.conf');
    const { program } = await callerForSsh({ self: vmssh, platform: 'linux', env: { HOME: home } });
    const self = program.map((word) => (/^[\w@+=:,./%-]+$/.test(word) ? word : `'${word}'`)).join(' ');
    const text = readFileSync(own, 'utf8')
      .replaceAll(self, `'${spy.replaceAll("'", "'\\''")}'`)
      .replaceAll('--fdpass ', '');
    writeFileSync(join(home, 'spied'), text.replaceAll('ProxyUseFdpass yes', 'ProxyUseFdpass no'));
    for (const host of hosts)
      await run(['ssh', '-F', join(home, 'spied'), host, 'true'], { env: envOf(home) });
    expect(readFileSync(join(home, 'said'), 'utf8').trim().split('\n')).toEqual(
      machines.map(({ name }) => `proxy|--record|machine/${name}|22|`),
    );
  });

  it('writes what IDEs read: plain names for each machine, its own first, and no Match', async () => {
    const home = newHome();
    await inHome(home, 'config', 'install');
    const parsed = SshConfig.parse(readFileSync(join(home, '.ssh/vmssh.conf'), 'utf8'));
    const names = parsed.flatMap((line) => {
      if (line.type !== LineType.DIRECTIVE || line.param !== 'Host') return [];
      return typeof line.value === 'string' ? [line.value] : line.value.map(({ val }) => val);
    });
    const concrete = names.filter((name) => !/[*?]/.test(name));
    expect(concrete.slice(0, 3)).toEqual(['.host', 'machine/.host', 'machine%.host']);
    expect(concrete.filter((name) => /^[^/%]*t7$/.test(name))).toEqual([
      ...['web-t7', 'Mint-22-t7', 'mint-22-t7', 'it-s-100-h-HOME-t7', 'it-s-100-h-home-t7'],
      ...['Größe-t7', 'größe-t7'],
    ]);
    expect(concrete).toContain(theirs);
    expect(parsed.filter((line) => line.type === LineType.DIRECTIVE && line.param === 'Match')).toEqual([]);
    expect(parsed.compute('web-t7')).toMatchObject({
      HostKeyAlias: 'web-t7',
    });
    const main = SshConfig.parse(readFileSync(join(home, '.ssh/config'), 'utf8'));
    expect(main.find((line) => 'param' in line && line.param === 'Include')).toMatchObject({
      value: join(home, '.ssh/vmssh.conf'),
    });
  });

  it.skipIf(lacks('strace'))(
    'changes no mode and no owner by a path, where another file may be by then',
    async () => {
      const home = newHome();
      writeFileSync(join(home, '.ssh/config'), 'Host a\n');
      chmodSync(join(home, '.ssh/config'), 0o640);
      for (const path of [join(home, '.ssh'), join(home, '.ssh/config')])
        if (isRoot()) chownSync(path, 1234, 1235);
      const trace = join(home, 'trace');
      const byPath = ['chmod', 'fchmodat', '?fchmodat2', 'chown', 'lchown', 'fchownat'];
      const strace = ['strace', '-f', '-qq', '-e', 'signal=none', '-e', `trace=${byPath}`, '-o', trace];
      await ends(
        0,
        run([...strace, ...vmssh, 'config', 'install', '--only-patterns'], {
          env: { ...envOf(home), ...underTrace },
        }),
      );
      expect(readFileSync(trace, 'utf8')).toBe('');
      const { mode, uid } = statSync(join(home, '.ssh/config'));
      expect([mode & 0o777, uid]).toEqual([0o640, isRoot() ? 1234 : userInfo().uid]);
    },
  );
});
