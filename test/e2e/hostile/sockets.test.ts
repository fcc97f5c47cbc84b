import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, lchownSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failing, saying } from '../../helpers/expected.js';
import { lasting } from '../../helpers/lifeline.js';
import { missingRoot, otherUser } from '../../helpers/other-user.js';
import { missingPrograms } from '../../helpers/programs.js';
import { begin, outcome, run, vmssh } from '../../helpers/run.js';
import { listening } from '../../helpers/sockets/servers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const { uid = 0, gid = 0 } = otherUser;
const missing =
  missingRoot('a socket of another user') ??
  missingPrograms({ unshare: 'util-linux', mount: 'mount', ip: 'iproute2' });

/** A multiplexer's answer, and its owner's banner. */
const serve = (path: string, banner: string) => `
  require('node:net').createServer((socket) => {
    socket.on('error', () => {}).once('data', () => socket.write('OK 1\\nSSH-2.0-${banner}\\r\\n'));
  }).listen('${path}', () => console.log('ready'));
  process.stdin.resume().on('end', () => process.exit());`;

describe.skipIf(missing)("a monitor of root's and a socket of another user", () => {
  it('at the same path in two mount namespaces are distinguished', async () => {
    const folder = join(dir, 'apart');
    mkdirSync(folder);
    const path = join(folder, 'v.sock');
    const pid = await monitor(path, serve(path, 'real'), `mount -t tmpfs none ${folder}`);
    await impostor(path);
    const machine = await listed(path);
    const target = 'cloud-hypervisor/v';
    expect(machine).toMatchObject({ target, address: `vsock-mux/proc/${pid}/root${path}` });
    expect(await banner(target)).toMatchObject({ code: 0, stdout: 'SSH-2.0-real\n', stderr: '' });
  });

  it('are distinguished by a Host too, which no file has by the number of a process', async () => {
    const folder = join(dir, 'jail');
    mkdirSync(folder);
    const path = join(folder, 'jailed.sock');
    const target = 'cloud-hypervisor/jailed';
    const own = `mount -t tmpfs none ${folder}`;
    const first = await starting(path, serve(path, 'first'), own);
    const home = join(dir, 'home');
    mkdirSync(join(home, '.ssh'), { recursive: true });
    const env = { ...process.env, HOME: home };
    await run([...vmssh, 'config', 'install', '--no-fresh'], { env });
    const files = ['.ssh/config', '.ssh/vmssh.conf', '.local/state/vmssh/hosts.json'].map((path) =>
      readFileSync(join(home, path), 'utf8'),
    );
    expect(files.join('\n')).not.toMatch(/\/proc\/\d/);
    const block = /^Host jailed cloud-hypervisor\/jailed .*(?:\n .*)*/m.exec(files[1] ?? '')?.[0];
    expect(block).toMatch(/ cloud-hypervisor\/jailed %p$/m);
    expect(block).toContain('    HostKeyAlias jailed\n');
    const inventory = await run([...vmssh, 'inventory'], { env });
    expect(inventory.stdout).toContain('"vmssh_target":"cloud-hypervisor/jailed"'.replace(':', ': '));
    expect(inventory.stdout).not.toMatch(/\/proc\/\d/);
    first.stdin?.end();
    await once(first, 'close');
    expect(await banner(target)).toMatchObject({ code: 4, stdout: '' });
    const again = await starting(path, serve(path, 'again'), own);
    expect(again.pid).not.toBe(first.pid);
    expect(await banner(target)).toMatchObject({ code: 0, stdout: 'SSH-2.0-again\n' });
    await starting(path, serve(path, 'twin'), own);
    expect(await banner(target)).toMatchObject(saying(4, '"jailed" may be'));
  });

  it('reached by a link that means another file in its root are distinguished', async () => {
    const [folder, link] = [join(dir, 'linked'), join(dir, 'link')];
    mkdirSync(folder);
    symlinkSync(folder, link);
    const path = join(link, 'v.sock');
    await monitor(path, serve(path, 'real'), `mount -t tmpfs none ${folder}`);
    await impostor(path);
    const machine = await listed(join(folder, 'v.sock'));
    expect(await banner(machine?.target)).toMatchObject({ code: 0, stdout: 'SSH-2.0-real\n', stderr: '' });
  });

  it('in place of its own: it is not a machine, and that is reported', async () => {
    const path = join(dir, 'taken.sock');
    await monitor(path, 'console.log("ready"); process.stdin.resume().on("end", () => process.exit())');
    await impostor(path);
    const { stdout, stderr } = await run([...vmssh, 'list', '--provider=cloud-hypervisor']);
    expect(stdout).not.toContain(path);
    expect(stderr).toContain(`${path} belongs to user ${uid}`);
  });

  it('in place of its API: it is not asked', async () => {
    const [path, api] = [join(dir, 'own.sock'), join(dir, 'api.sock')];
    const forged = { state: 'Running', config: { vsock: { cid: 9, socket: '/forged' } } };
    const server = createHttpServer((_, response) => response.end(JSON.stringify(forged)));
    await listening(server, api);
    chownSync(api, uid, gid);
    await monitor(path, serve(path, 'real'), ':', ['--api-socket', api]);
    expect(await listed(path)).toMatchObject({ address: `vsock-mux${path}` });
  });
});

/** A service of the system, which vmssh trusts for machines of its own. */
describe.skipIf(missing)("a system user's process that names a socket of root's", () => {
  const service = { uid: 990, gid: 990 };
  const folder = (name: string, mode: number) => {
    const path = join(dir, name);
    mkdirSync(path);
    chmodSync(path, mode);
    return path;
  };
  const idle = 'console.log("ready"); process.stdin.resume().on("end", () => process.exit())';
  const asked = async (name: string, mode: number, named = (path: string) => path, more: string[] = []) => {
    chmodSync(dir, 0o755);
    const path = join(folder(name, mode), 'v.sock');
    let count = 0;
    await listening(
      createServer((socket) => {
        count++;
        socket.on('error', () => {}).end('OK 1\n');
      }),
      path,
    );
    chmodSync(path, 0o666);
    await starting(named(path), idle, ':', more, service);
    const { stderr } = await run([...vmssh, 'list', '--provider=cloud-hypervisor']);
    return { count, stderr: stderr.replaceAll(dir, '') };
  };
  const refused = /user 990, whose process \d+ names \/\S+\.sock, could not open that/;

  it('opens none that it could not open itself', async () => {
    expect(await asked('closed', 0o700)).toEqual({ count: 0, stderr: expect.stringMatching(refused) });
    const api = ['--api-socket', join(dir, 'closed/v.sock')];
    expect(await asked('other', 0o711, (path) => `${path}-none`, api)).toEqual({
      count: 0,
      stderr: expect.stringMatching(refused),
    });
  });

  it('nor by a link', async () => {
    const theirs = folder('theirs', 0o755);
    chownSync(theirs, service.uid, service.gid);
    const link = (path: string) => {
      symlinkSync(path, join(theirs, 'link.sock'));
      return join(theirs, 'link.sock');
    };
    expect(await asked('behind', 0o700, link)).toEqual({ count: 0, stderr: expect.stringMatching(refused) });
  });

  it('is told whose it is where it could', async () => {
    expect(await asked('open', 0o711)).toEqual({
      count: 1,
      stderr: expect.stringMatching(/process \d+ listens on /),
    });
  });
});

/** The same by a port: a QEMU in a network namespace of its own forwards it there, and here it is free. */
describe.skipIf(missing)("a QEMU of root's and a port of another user", () => {
  const program = (port: number) => `
    const server = require('node:net').createServer((socket) => socket.end('SSH-2.0-x\\r\\n'));
    server.listen(${port}, '127.0.0.1', () => console.log('ready', server.address().port));
    process.stdin.resume().on('end', () => process.exit());`;
  const qemu = async (name: string, port: string, script: string, before?: readonly string[]) => {
    const qemu = join(dir, 'qemu-system-x86_64');
    rmSync(qemu, { force: true });
    symlinkSync(process.execPath, qemu);
    const forward = ['-name', name, '-nic', `user,hostfwd=tcp:127.0.0.1:${port}-:22`];
    const [first = '', ...rest] = [...(before ?? []), qemu, '-e', script, '--', ...forward];
    await start(first, rest);
  };

  it('are distinguished', async () => {
    const said: string[] = [];
    await start(process.execPath, ['-e', program(0)], otherUser, (text) => said.push(text));
    const port = /ready (\d+)/.exec(said.join(''))?.[1] ?? '';
    await qemu('hidden', port, program(Number(port)), [
      ...['unshare', '-n', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh'],
    ]);
    expect(await run([...vmssh, 'nc', '--pipe', 'qemu/hidden'])).toMatchObject(failing(4, '"hidden"'));
  });
});

describe.skipIf(missing)('a typed path of another user', () => {
  it.each([
    { name: 'vsock-nc', command: ['nc', '--banner'], mode: 'nc' },
    { name: 'vmssh proxy', command: ['proxy'], mode: 'proxy' },
    { name: 'vmssh proxy --wait', command: ['proxy', '--wait=20'], mode: 'proxy' },
  ])('gets one warning of $name, on stderr', async ({ name, command, mode }) => {
    const path = join(dir, `typed-${name.replaceAll(' ', '-')}.sock`);
    await impostor(path);
    const port = mode === 'proxy' ? ['22'] : [];
    const child = begin([...vmssh, ...command, `vsock-mux${path}`, ...port]);
    child.stdout.once('data', () => child.stdin.end());
    const { stdout, stderr } = await outcome(child);
    expect(stdout).toMatch(/^SSH-2.0-impostor\r?\n$/);
    expect(stderr).toBe(
      `vmssh: warning: ${path} belongs to user ${uid}, who can answer in place of the machine\n`,
    );
  });

  it('of this user, or of root, gets none', async () => {
    const path = join(dir, 'mine.sock');
    await listening(
      createServer((socket) => socket.end('SSH-2.0-mine\r\n')),
      path,
    );
    expect(await run([...vmssh, 'nc', '--banner', `unix${path}`])).toMatchObject({ code: 0, stderr: '' });
    chmodSync(path, 0o666);
    chmodSync(dir, 0o755);
    const asOther = await run([...vmssh, 'nc', '--banner', `unix${path}`], otherUser);
    expect(asOther).toMatchObject({ code: 0, stderr: '' });
  });

  it('that a link leads to gets one', async () => {
    const [path, link] = [join(dir, 'target.sock'), join(dir, 'front')];
    await impostor(path);
    symlinkSync(path, link);
    lchownSync(link, 0, 0);
    const { stderr } = await run([...vmssh, 'nc', '--banner', `vsock-mux${link}`]);
    expect(stderr).toContain(`${link} belongs to user ${uid}`);
  });
});

describe('a container that exports a link', () => {
  it('to the socket of another machine: it is not followed', async () => {
    const runtimeDir = join(dir, 'runtime');
    const [other, evil] = ['other', 'evil'].map((name) =>
      join(runtimeDir, 'systemd/nspawn/unix-export', name),
    );
    for (const folder of [other, evil]) mkdirSync(folder ?? '', { recursive: true });
    await listening(
      createServer((socket) => socket.end('SSH-2.0-other\r\n')),
      `${other}/ssh`,
    );
    symlinkSync(`${other}/ssh`, `${evil}/ssh`);
    const env = { ...process.env, XDG_RUNTIME_DIR: runtimeDir };
    const asked = (name: string) => run([...vmssh, 'nc', '--banner', `container/${name}`], { env });
    expect(await asked('other')).toMatchObject({ code: 0, stdout: 'SSH-2.0-other\n' });
    const { code, stdout, stderr } = await asked('evil');
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain(`${evil}/ssh is a symbolic link, which the container made: not followed (LINK)`);
  });
});

interface Listed {
  readonly target: string;
  readonly address?: string;
}

/** The machine with a socket at this path; this host may have others. */
async function listed(path: string): Promise<Listed | undefined> {
  const { stdout } = await run([...vmssh, 'list', '--json', '--provider=cloud-hypervisor']);
  const { machines } = JSON.parse(stdout) as { readonly machines: readonly Listed[] };
  return machines.find(({ address }) => address?.endsWith(path));
}

function banner(target = '') {
  return run([...vmssh, 'nc', '--banner', target]);
}

/** A process that looks like a cloud-hypervisor with a socket at `path`, in a mount namespace of its own. */
async function monitor(...args: Parameters<typeof starting>) {
  return (await starting(...args)).pid;
}

async function starting(
  path: string,
  script: string,
  before = ':',
  more: readonly string[] = [],
  who: object = {},
) {
  const program = join(dir, 'cloud-hypervisor');
  rmSync(program, { force: true });
  symlinkSync(process.execPath, program);
  const args = [program, '-e', script, '--', '--vsock', `cid=3,socket=${path}`, ...more];
  const own = before === ':' ? [] : ['unshare', '-m'];
  const [first = '', ...rest] = [...own, 'sh', '-c', `${before} && exec "$@"`, 'sh', ...args];
  return start(first, rest, who);
}

/** A multiplexer of the other user's, at `path` of this namespace. */
async function impostor(path: string): Promise<void> {
  const answer = 'OK 1\nSSH-2.0-impostor\r\n';
  await listening(
    createServer((socket) => socket.once('data', () => socket.end(answer))),
    path,
  );
  chownSync(path, uid, gid);
}

/** Starts what says that it is ready, and lives as long as this test. */
async function start(
  program: string,
  args: readonly string[],
  who: object = {},
  said: (text: string) => void = () => {},
): Promise<ChildProcess> {
  const child = spawn(program, args, { ...who, stdio: ['pipe', 'pipe', 'inherit'] });
  const first = await lasting(child);
  expect(first).toMatch(/^ready/);
  said(first);
  return child;
}
