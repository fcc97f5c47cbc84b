import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadAddon } from '../../../src/base/native.js';
import type { InstallOptions, UserSystemd } from '../../../src/commands/forward/installed.js';
import { installForward, listForwards, uninstallForward } from '../../../src/commands/forward/installed.js';
import { keyLines, printKeys } from '../../../src/commands/forward/report.js';
import { parseLocal } from '../../../src/commands/forward/session.js';
import { parseTarget } from '../../../src/kinds/kinds.js';
import type { RunTool } from '../../../src/sources/tools/run-tool.js';
import { signed } from '../../../src/ssh/config/file.js';
import { ownAccount } from '../../../src/ssh/folder.js';
import { missingAddon } from '../../helpers/addon.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { lacks } from '../../helpers/programs.js';
import { run as runProgram } from '../../helpers/run.js';
import { freePort, listening } from '../../helpers/sockets/servers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();

/** The user's systemd at its edge: it listens where the units say, and makes and removes links. Its folder's name is no plain word. */
class FakeSystemd implements UserSystemd {
  readonly folder = join(mkdtempSync(join(dir, 'ä 100%h-')), 'systemd/user');
  readonly calls: string[] = [];
  /** The first word of calls that fail. */
  failing: readonly string[] = [];
  readonly #servers = new Map<string, Server>();

  readonly run: RunTool = async (program, [user, ...args]) => {
    expect([program, user]).toEqual(['systemctl', '--user']);
    this.calls.push(args.join(' '));
    const [verb = '', ...rest] = args;
    if (this.failing.includes(verb)) throw new Error(`systemctl --user ${verb} took more than 10 s`);
    const name = rest.at(-1) ?? '';
    const link = join(this.folder, 'sockets.target.wants', name);
    if (verb === 'enable') {
      mkdirSync(join(link, '..'), { recursive: true });
      rmSync(link, { force: true });
      symlinkSync(`../${name}`, link);
    }
    if (verb === 'disable') rmSync(link, { force: true });
    if (verb === 'disable' || verb === 'restart') await this.stop(name);
    if ((verb === 'start' || verb === 'restart') && !this.#servers.has(name)) await this.#listen(name);
    return '';
  };

  async #listen(name: string): Promise<void> {
    const [, place = ''] = /^ListenStream=(.*)$/m.exec(readFileSync(join(this.folder, name), 'utf8')) ?? [];
    const local = parseLocal(place.replaceAll('%%', '%'));
    const server = createServer();
    if (local.family === 'unix') await listening(server, local.path);
    else await listening(server, local.port, local.host);
    this.#servers.set(name, server);
  }

  async stop(name: string): Promise<void> {
    const server = this.#servers.get(name);
    this.#servers.delete(name);
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  units(): readonly string[] {
    return existsSync(this.folder) ? readdirSync(this.folder).filter((name) => name.startsWith('vmssh')) : [];
  }
}

describe.skipIf(missingAddon())('forward --install', () => {
  const { addon } = loadAddon() as { addon: NonNullable<ReturnType<typeof loadAddon>['addon']> };
  let systemd: FakeSystemd;
  let port: number;
  beforeEach(async () => {
    systemd = new FakeSystemd();
    port = await freePort();
  });
  // systemctl is asked only with the user's own home.
  const io = (env = {}, self: readonly string[] = ['/usr/bin/node', '/opt/vmssh.js']) =>
    fakeIo({ self, env: { HOME: ownAccount()?.home, PATH: '/usr/bin', ...env } });
  const options = (local: string, more: Partial<InstallOptions> = {}): InstallOptions => ({
    ...{ typed: 'vsock/7', port: 8080, timeoutMs: 1000, local: parseLocal(local), args: ['--private'] },
    ...more,
  });
  const install = async (local = `${port}`, more: Partial<InstallOptions> = {}, to = io()) => {
    await installForward(options(local, more), addon, to, new AbortController().signal, systemd);
    return to;
  };
  const uninstall = async (local = `${port}`, more: Partial<InstallOptions> = {}, to = io()) => {
    await uninstallForward(options(local, more), to, systemd);
    return to;
  };
  const listed = async () => {
    const to = io();
    expect(await listForwards(true, to, systemd)).toBe(0);
    return JSON.parse(to.stdout.join('')).installed;
  };
  const text = (name: string) => readFileSync(join(systemd.folder, name), 'utf8');

  it('writes, enables and starts a socket of the user, lists it, and removes all of it', async () => {
    const said = await install();
    const unit = `vmssh-forward-127.0.0.1:${port}`;
    const [service, socket] = [`${unit}.service`, `${unit}.socket`];
    expect(systemd.units()).toEqual([service, socket]);
    for (const name of systemd.units())
      expect(lstatSync(join(systemd.folder, name)).mode & 0o777).toBe(0o600);
    expect(text(socket)).toContain(`[Socket]\nListenStream=127.0.0.1:${port}\n`);
    expect(text(service)).toMatch(/^ExecStart=.* forward --private vsock\/7 8080 systemd$/m);
    expect(systemd.calls.splice(0)).toEqual(['daemon-reload', `enable ${socket}`, `restart ${socket}`]);
    expect(said.stderr.join('')).toContain(`127.0.0.1:${port} → vsock/7:8080, now and after each login`);
    const one = { unit: socket, listener: { host: '127.0.0.1', port }, target: 'vsock/7', port: 8080 };
    expect(await listed()).toEqual([{ ...one, listening: true }]);
    await systemd.stop(socket);
    expect(await listed()).toEqual([{ ...one, listening: false }]);
    const lines = io();
    await listForwards(false, lines, systemd);
    expect(lines.stdout.join('')).toBe(
      `127.0.0.1:${port} → vsock/7:8080  (off: systemctl --user start ${socket})\n`,
    );
    // The same again starts it.
    await install();
    expect(systemd.calls.splice(0)).toEqual(['daemon-reload', `enable ${socket}`, `start ${socket}`]);
    await uninstall();
    expect(systemd.calls).toEqual([`disable --now ${socket}`, `stop ${service}`, 'daemon-reload']);
    expect([systemd.units(), await listed()]).toEqual([[], []]);
    expect(readdirSync(join(systemd.folder, 'sockets.target.wants'))).toEqual([]);
  });

  it('leads the same port elsewhere, after its service has ended', async () => {
    await install();
    systemd.calls.splice(0);
    await install(undefined, { typed: 'vsock/8' });
    const [service, socket] = systemd.units();
    const calls = ['daemon-reload', `stop ${service}`, `enable ${socket}`, `restart ${socket}`];
    expect(systemd.calls).toEqual(calls);
    expect(await listed()).toMatchObject([{ target: 'vsock/8', listening: true }]);
    await expect(uninstall()).rejects.toMatchObject({
      message: `another forward is installed there: 127.0.0.1:${port} → vsock/8:8080`,
      hint: `to remove that one: vmssh forward --uninstall vsock/8 8080 127.0.0.1:${port}`,
    });
    expect(await listed()).toHaveLength(1);
  });

  it('listens at odd paths and at ::1', async () => {
    const path = join(dir, `50%h und $x {; y.sock`);
    await install(path);
    expect(await listed()).toMatchObject([{ listener: { path }, listening: true }]);
    const socket = systemd.units().find((name) => name.endsWith('.socket')) ?? '';
    expect(text(socket)).toContain(
      `ListenStream=${path.replaceAll('%', '%%')}\nSocketMode=0600\nRemoveOnStop=yes\n`,
    );
    await uninstall(path);
    const six = `[::1]:${await freePort('::1')}`;
    await install(six);
    expect(await listed()).toMatchObject([{ listener: { host: '::1' }, listening: true }]);
    await uninstall(six);
    expect(systemd.units()).toEqual([]);
  });

  it.skipIf(lacks('systemd-analyze'))('writes units that systemd reads back', async () => {
    const path = join(dir, `50%h und $x {; y.sock`);
    await install(path, { args: ['--private', '50%h "$x"'] }, io({ LIMA_HOME: '/l i%m$a"' }));
    const paths = systemd.units().map((name) => join(systemd.folder, name));
    const env = { ...process.env, XDG_RUNTIME_DIR: dir };
    const command = ['systemd-analyze', 'verify', '--user', '--man=no', ...paths];
    const { code, stdout, stderr } = await runProgram(command, { env });
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('vmssh'));
    expect({ code, said }).toEqual({ code: 0, said: [] });
  });

  it('lets the service for an address ask little of the kernel, and that for a machine what its manager’s programs need', async () => {
    await install();
    const [service = ''] = systemd.units();
    expect(text(service)).toMatch(/^Documentation=man:vmssh-forward\(1\)$/m);
    for (const line of ['NoNewPrivileges=yes', 'RestrictAddressFamilies=AF_UNIX AF_VSOCK AF_NETLINK'])
      expect(text(service)).toContain(`\n${line}\n`);
    // Node compiles JavaScript to memory that it runs; the executable does not.
    expect(text(service)).not.toContain('MemoryDenyWriteExecute');
    await install(undefined, {}, io({}, ['/opt/vmssh']));
    expect(text(service)).toContain('\nMemoryDenyWriteExecute=yes\n');
    // Without a user namespace, in which owners cannot be told: see sandbox() of hosts/units.ts.
    expect(text(service)).not.toMatch(/^(Private|Protect)/m);
    await uninstall(undefined, {}, io({}, ['/opt/vmssh']));
  });

  it.each([
    { typed: 'vsock/7', local: '8080', families: 'AF_UNIX AF_VSOCK AF_NETLINK' },
    { typed: 'vsock/7', local: '/run/x.sock', families: 'AF_UNIX AF_VSOCK' },
    { typed: 'vsock-mux/m.sock', local: '8080', families: 'AF_UNIX AF_NETLINK' },
    { typed: 'unix/s.sock', local: '/run/x.sock', families: 'AF_UNIX' },
  ])('lets the service for $typed at $local open sockets of $families', async (row) => {
    const local = row.local.startsWith('/') ? join(dir, 'x.sock') : `${port}`;
    const typed = row.typed.replace(/(?<=^(unix|vsock-mux)\/)/, join(dir, '/'));
    await install(local, { typed, port: 22 });
    const [service = ''] = systemd.units();
    expect(text(service)).toMatch(new RegExp(`^RestrictAddressFamilies=${row.families}$`, 'm'));
    await uninstall(local, { typed, port: 22 });
  });

  it.skipIf(lacks('systemd-analyze')).each([
    { typed: 'vsock/7', most: 6.2 },
    { typed: `vsock-mux${dir}/m.sock`, most: 5.9 },
  ])(
    'exposes little by systemd-analyze security, without a user namespace: $typed',
    async ({ typed, most }) => {
      await install(undefined, { typed }, io({}, ['/opt/vmssh']));
      const [service = ''] = systemd.units();
      const env = { ...process.env, XDG_RUNTIME_DIR: dir };
      const command = ['systemd-analyze', 'security', '--user', '--offline=true', '--no-pager'];
      const { stdout } = await runProgram([...command, join(systemd.folder, service)], { env });
      // A user's unit without any such line has 9.8. CapabilityBoundingSet= would take 2.5 more, but a user's systemd may set it only in a
      // user namespace; it ignores IPAddressDeny= and DevicePolicy=.
      const [, exposure] = /Overall exposure level for .*: (\d+\.\d)/.exec(stdout) ?? [];
      expect(Number(exposure)).toBeLessThanOrEqual(most);
      const left = [...stdout.matchAll(/^✗ (\S+)/gm)].map(([, name = '']) => name);
      expect(
        left.filter((name) => /^(NoNew|System|Lock|Memory|RestrictN|RestrictR|RestrictS)/.test(name)),
      ).toEqual([]);
      await uninstall(undefined, { typed }, io({}, ['/opt/vmssh']));
    },
  );

  it.each(['.socket', '.service'])(
    'does not touch a %s of somebody else, or one that was edited',
    async (end) => {
      mkdirSync(systemd.folder, { recursive: true });
      const path = join(systemd.folder, `vmssh-forward-127.0.0.1:${port}${end}`);
      writeFileSync(path, '[Unit]\n');
      await expect(install()).rejects.toThrow('vmssh did not write it');
      expect(readFileSync(path, 'utf8')).toBe('[Unit]\n');
      expect(systemd.calls).toEqual([]);
      rmSync(path);
      await install();
      const edited = `${readFileSync(path, 'utf8')}# mine\n`;
      writeFileSync(path, edited);
      for (const change of [() => install(undefined, { typed: 'vsock/8' }), uninstall])
        await expect(change()).rejects.toThrow('it was edited since');
      expect(readFileSync(path, 'utf8')).toBe(edited);
      const to = io();
      expect(await listForwards(false, to, systemd)).toBe(0);
      if (end === '.socket') expect(to.stderr.join('')).toMatch(/warning: .*it was edited since/);
    },
  );

  it.each(['daemon-reload', 'enable', 'restart'])('leaves nothing if systemctl %s fails', async (verb) => {
    systemd.failing = [verb];
    await expect(install()).rejects.toMatchObject({
      message: `your systemd does not listen on "127.0.0.1:${port}": systemctl --user ${verb} took more than 10 s`,
      hint: expect.stringContaining(`vmssh forward vsock/7 8080 127.0.0.1:${port}`),
    });
    expect([systemd.units(), await listed()]).toEqual([[], []]);
    const left = readdirSync(systemd.folder).flatMap((name) => readdirSync(join(systemd.folder, name)));
    expect(left).toEqual([]);
  });

  it.each([['disable'], ['stop'], ['disable', 'stop']])(
    '--uninstall says that it still listens if systemctl %s fails, and removes it once that is over',
    async (...failing) => {
      await install();
      const [, socket = ''] = systemd.units();
      systemd.failing = failing;
      if (failing.includes('disable')) {
        await expect(uninstall()).rejects.toMatchObject({
          message: `systemd may still listen on "127.0.0.1:${port}", so its units stay: systemctl --user disable took more than 10 s`,
          hint: expect.stringContaining(`systemctl --user disable --now ${socket}`),
        });
        expect(await listed()).toMatchObject([{ listening: true }]);
        await systemd.stop(socket);
      }
      // Nobody listens: no systemd is there to be asked.
      await uninstall();
      expect(systemd.units()).toEqual([]);
      expect(readdirSync(join(systemd.folder, 'sockets.target.wants'))).toEqual([]);
    },
  );

  it('is refused where another program listens, and for what cannot be installed', async () => {
    await listening(createServer(), port);
    await expect(install()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    for (const [local, more, message] of [
      ['0', {}, 'needs a port that stays'],
      ['0.0.0.0:8080', {}, 'only for programs of this host'],
      [join(dir, 'a\n.sock'), {}, 'systemd cannot listen at'],
      [join(dir, 'a.sock '), {}, 'systemd cannot listen at'],
      ...['ü', "'", '"', '\\\\'].map(
        (each) => [join(dir, `a${each}.sock`), {}, 'systemd cannot listen at'] as const,
      ),
      ['2222', { typed: 'unix/run/x.sock' }, 'this socket has no ports: 8080 cannot be reached'],
      ['2222', { typed: 'vsock-mux/proc/123/root/run/v.sock' }, 'names a process'],
    ] as const)
      await expect(install(local, more), message).rejects.toThrow(message);
    expect(systemd.units()).toEqual([]);
    await expect(uninstall()).rejects.toMatchObject({ code: 'NOT_INSTALLED' });
    const nowhere = { run: systemd.run, folder: undefined };
    const { signal } = new AbortController();
    const failed = installForward(options('2222'), addon, io(), signal, nowhere);
    await expect(failed).rejects.toMatchObject({ code: 'NO_SYSTEMD' });
  });

  it.each(['ü', "'", '"', '\\\\', ' '])(
    '--uninstall removes a unit of an older version, whose path has %j',
    async (odd) => {
      const path = join(dir, `odd${odd}`);
      await install(join(dir, 'plain'), { typed: 'vsock/8' });
      const names = systemd.units();
      const was = /vmssh-forward-[^.]+/.exec(names[0] ?? '')?.[0] ?? '';
      const id = createHash('sha256').update(path).digest('hex').slice(0, 16);
      for (const name of names) {
        const [, ...lines] = text(name).replaceAll(join(dir, 'plain'), path).split('\n');
        const forward = { typed: 'vsock/8', target: 'vsock/8', port: 8080, local: path };
        const unit = lines.join('\n').replace(/^Forward=.*$/m, `Forward=${JSON.stringify(forward)}`);
        rmSync(join(systemd.folder, name));
        const now = name.replace(was, `vmssh-forward-${id}`);
        writeFileSync(join(systemd.folder, now), signed(unit, 'forward'));
      }
      expect(await listed()).toMatchObject([{ listener: { path } }]);
      await uninstall(path, { typed: 'vsock/8' });
      expect(systemd.units()).toEqual([]);
      await expect(uninstall(path)).rejects.toMatchObject({ code: 'NOT_INSTALLED' });
    },
  );

  it('asks no systemd of another home', async () => {
    await expect(install(undefined, {}, io({ HOME: dir }))).rejects.toThrow('HOME is not');
    expect([systemd.calls, systemd.units()]).toEqual([[], []]);
  });

  it('says of an address at port 22 that its host key is not kept', async () => {
    const said = await install(undefined, { port: 22 });
    expect(said.stdout).toEqual([]);
    expect(said.stderr.join('')).toContain('vsock/7 is an address, whose host key vmssh does not keep');
  });
});

describe('the lines for known_hosts', () => {
  const env = { HOME: join(dir, 'home') };
  const machine = { name: 'web', target: 'qemu/web', uuid: '01234567-89ab-cdef-0123-456789abcdef' };
  const lines = (target: string, host: string, port: number, listed?: typeof machine) =>
    keyLines(
      { text: target, target: parseTarget(target), ...(listed ? { machine: listed as never } : {}) },
      { family: 'inet', host, port },
      env,
    );

  it('have the keys that ssh accepts for the machine, and none that was revoked', async () => {
    mkdirSync(join(env.HOME, '.ssh'), { recursive: true });
    writeFileSync(
      join(env.HOME, '.ssh/vmssh_known_hosts'),
      [
        'vmssh-qemu%web ssh-ed25519 AAAA',
        `vmssh-${machine.uuid} ssh-ed25519 BBBB`,
        `vmssh-${machine.uuid} ssh-rsa CCCC`,
        `@revoked vmssh-${machine.uuid} ssh-rsa CCCC`,
        'vmssh-qemu%web ssh-rsa EEEE',
        '@revoked vmssh-qemu%web ssh-rsa EEEE',
        'example.org ssh-ed25519 DDDD\n',
      ].join('\n'),
    );
    expect(await lines('qemu/web', '127.0.0.1', 2222)).toEqual(['[127.0.0.1]:2222 ssh-ed25519 AAAA']);
    expect(await lines('qemu/web', '::1', 2222, machine)).toEqual(['[::1]:2222 ssh-ed25519 BBBB']);
    expect(await lines('qemu/web', '127.0.0.2', 22)).toEqual(['127.0.0.2 ssh-ed25519 AAAA']);
    expect(await lines('qemu/other', '127.0.0.1', 2222)).toEqual([]);
    expect(await lines('vsock/3', '127.0.0.1', 2222)).toBeUndefined();
    // The key is from before its source said a UUID.
    const later = { ...machine, uuid: machine.uuid.replace('0', '1') };
    expect(await lines('qemu/web', '::1', 22, later)).toEqual(['::1 ssh-ed25519 AAAA']);
  });

  const at = (name: string) => join(env.HOME, '.ssh', name);
  const pins = (...keys: readonly string[]) =>
    writeFileSync(at('vmssh_known_hosts'), keys.map((key) => `vmssh-qemu%web ssh-ed25519 ${key}\n`).join(''));

  it('have none that a login refuses: kept twice, or revoked by any file that ssh reads', async () => {
    const web = () => lines('qemu/web', '::1', 22);
    pins('AAAA 2026-03-01 ssh', 'BBBB 2026-03-01 ssh');
    expect(await web()).toEqual([]);
    pins('AAAA', 'BBBB', 'CCCC', 'DDDD');
    writeFileSync(at('known_hosts'), '@revoked * ssh-ed25519 BBBB\n');
    writeFileSync(at('config'), `RevokedHostKeys ${at('list')}\nUserKnownHostsFile ${at('more')}\n`);
    writeFileSync(at('list'), 'ssh-ed25519 CCCC\n');
    writeFileSync(at('more'), '@revoked qemu/* ssh-ed25519 DDDD\n');
    expect(await web()).toEqual(['::1 ssh-ed25519 AAAA']);
    for (const name of ['known_hosts', 'config']) rmSync(at(name));
  });

  it('are none, and why is said, if others may write there', async () => {
    pins('AAAA');
    chmodSync(at('vmssh_known_hosts'), 0o666);
    const said = fakeIo({ env });
    const web = { text: 'qemu/web', target: parseTarget('qemu/web') };
    await printKeys(web, { family: 'inet', host: '::1', port: 22 }, said);
    expect([said.stdout, said.stderr.join('')]).toEqual([[], expect.stringContaining('its mode is 0666')]);
    rmSync(at('vmssh_known_hosts'));
  });
});
