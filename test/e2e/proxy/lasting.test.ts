import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { lacks } from '../../helpers/programs.js';
import {
  begin,
  dist,
  executable,
  heldKiB,
  isAlive,
  type Outcome,
  outcome,
  run,
  runtime,
  until,
  vmssh,
  vmsshWords,
  wordsOf,
} from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import { listening } from '../../helpers/sockets/servers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

// A relay of the executable frees the engine after 1.5 s; one of Node stays as it is.
const withoutEngine = 'vmssh: relay';
const hasAddon = missingAddon() === undefined;

describe.skipIf(lacks('ssh', 'scp', 'sshd') || !hasAddon)('a login by relay that lasts', () => {
  const dir = useTempDir();
  const pidFile = join(dir, 'pid');
  const sshd = useSshd(dir);
  const host = `unix${sshd.path}`;
  const script = join(dir, 'proxy.sh');
  writeFileSync(script, `#!/bin/sh\necho $$ > "${pidFile}"\nexec "$@"\n`, { mode: 0o755 });
  const proxied = `ProxyCommand=${script} ${vmsshWords} proxy --typed %n %h %p`;
  const ssh = [...sshd.ssh('relay'), '-o', proxied];

  const pid = () => Number(readFileSync(pidFile, 'utf8'));

  it('carries on, with the exit code', async () => {
    const { child, ended } = gathered([...ssh, host, 'echo begun; read line; echo "$line"; exit 7']);
    await once(child.stdout, 'data');
    await became(pid());
    child.stdin.end('and on\n');
    expect(await ended).toMatchObject({ code: 7, stdout: 'begun\nand on\n' });
    await expect.poll(() => isAlive(pid()), { timeout: 10_000 }).toBe(false);
  });

  // AddressSanitizer keeps much more beside.
  it.skipIf(runtime !== 'executable')('holds less than a quarter of a megabyte', async () => {
    const { child, ended } = gathered([...ssh, host, 'echo begun; read line; echo "$line"']);
    await once(child.stdout, 'data');
    await became(pid());
    await expect.poll(() => heldKiB(pid()), { timeout: 10_000 }).toBeLessThan(250);
    child.stdin.end('and on\n');
    expect(await ended).toMatchObject({ code: 0, stdout: 'begun\nand on\n' });
  });

  it('carries what comes after a silence, and the next connection', async () => {
    const slow = await run([...ssh, host, 'sleep 2; head -c 3000000 /dev/zero | wc -c; exit 7']);
    expect(slow).toMatchObject({ code: 7, stdout: '3000000\n', stderr: '' });
    const scp = ['scp', '-q', '-F', sshd.config('relay'), join(dir, 'sshd_config')];
    const copied = await run([...scp, `${host.replaceAll('/', '%')}:${dir}/copy`]);
    expect(copied).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(dir, 'copy'))).toEqual(readFileSync(join(dir, 'sshd_config')));
  });

  it('says nothing if the machine breaks the connection after ssh is gone', async () => {
    const path = join(dir, 'peer.sock');
    const server = createServer({ pauseOnConnect: true });
    await listening(server, path);
    const connection = once(server, 'connection');
    const [program = '', ...args] = [...ssh, '-v', `unix${path}`];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = outcome(child);
    const [peer] = (await connection) as [Socket];
    peer.write('SSH-2.0-x\r\n');
    await until(child.stderr, 'SSH2_MSG_KEXINIT sent');
    child.kill('SIGKILL');
    await once(child, 'exit');
    peer.destroy(); // with all that ssh sent unread: a reset
    expect((await ended).stderr).not.toMatch(/^vmssh: /m);
  });

  it('ends with an ssh that is killed', async () => {
    const [program = '', ...args] = [...ssh, '-N', host];
    writeFileSync(pidFile, '');
    const child = spawn(program, args, { stdio: 'ignore' });
    await expect.poll(pid, { timeout: 10_000 }).toBeGreaterThan(0);
    const proxy = pid();
    await became(proxy);
    child.kill('SIGKILL');
    await expect.poll(() => isAlive(proxy), { timeout: 10_000 }).toBe(false);
  });
});

describe.skipIf(!hasAddon)('a connection that breaks', () => {
  const dir = useTempDir();
  const vsockNc = join(dir, 'vsock-nc');
  if (executable) symlinkSync(executable, vsockNc);

  const programs: readonly [name: string, command: readonly string[]][] = [
    ['vmssh proxy', [...vmssh, 'proxy']],
    ['vmssh nc', [...vmssh, 'nc', '--pipe']],
    ['vsock-nc', [...(executable ? [vsockNc] : [vmssh[0] ?? '', dist('vsock-nc.js')]), '--pipe']],
  ];

  it.each(programs)('has the same message before and after: $0', async (_name, command) => {
    const before = await broken(command, async () => {});
    const after = await broken(command, ({ pid = 0 }) => became(pid));
    expect(before).toMatchObject({ code: 1, stdout: '12last bytes' });
    expect(before.stderr).toContain('the machine broke the connection (ECONNRESET)');
    expect(after).toEqual(before);
    const ended = await broken(command, async ({ stdin }) => void stdin?.end('unread'));
    expect(ended).toEqual(before);
    const endedAfter = await broken(command, async ({ pid = 0, stdin }) => {
      await became(pid);
      stdin?.end('unread');
    });
    expect(endedAfter).toEqual(before);
  });

  // AddressSanitizer has no filter, and QEMU knows none.
  it.skipIf(runtime !== 'executable').each(programs)(
    'is one of a process that has given up its rights, but with VMSSH_NO_SANDBOX: $0',
    async (_name, command) => {
      const ours = filtersOf(process.pid);
      expect(await filters(command, {})).toBe(ours + 1);
      expect(await filters(command, { VMSSH_NO_SANDBOX: '1' })).toBe(ours);
    },
  );

  /** How many filters for system calls a relay has when it lasts. */
  async function filters(command: readonly string[], more: NodeJS.ProcessEnv): Promise<number> {
    const { path, accepted } = await listen();
    const { child, ended } = gathered([...command, `unix${path}`, '22'], { ...process.env, ...more });
    const peer = await accepted;
    await became(child.pid ?? 0);
    peer.write('x'); // what it moves now, it moves without the engine
    await once(child.stdout, 'data');
    const count = filtersOf(child.pid ?? 0);
    peer.end();
    child.stdin.end();
    expect(await ended).toMatchObject({ code: 0 });
    return count;
  }

  it('stays as it is with -v, and prints what it moved', async () => {
    const { path, accepted } = await listen();
    const { child, ended } = gathered([...vmssh, 'proxy', '-v', `unix${path}`, '22']);
    const peer = await accepted;
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(nameOf(child.pid ?? 0)).not.toBe(withoutEngine);
    peer.end('bye');
    child.stdin.end();
    expect((await ended).stderr).toContain('0 bytes out, 3 bytes in, ended by peer');
  });

  /** A connection that is reset after `wait`, with bytes sent before. */
  async function broken(
    command: readonly string[],
    wait: (child: ChildProcess) => Promise<void>,
  ): Promise<Outcome> {
    const { path, accepted } = await listen();
    const { child, ended } = gathered([...command, `unix${path}`, '22']);
    const peer = await accepted;
    await wait(child);
    if (!child.stdin.writableEnded) child.stdin.write('unread'); // a peer that closes before it reads them resets
    for (const round of '12') {
      peer.write(round); // once the second came through, the relay has sent what was there
      await once(child.stdout, 'data');
    }
    peer.write('last bytes', () => peer.destroy());
    return ended;
  }

  /** A server of one connection, always at the same path. */
  async function listen() {
    const path = join(dir, 'peer.sock');
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
    await once(server.listen(path), 'listening');
    const accepted = once(server, 'connection').then(([socket]) => {
      server.close();
      return socket as Socket;
    });
    return { path, accepted };
  }
});

async function became(pid: number): Promise<void> {
  if (executable) await expect.poll(() => nameOf(pid), { timeout: 20_000 }).toBe(withoutEngine);
}

function nameOf(pid: number): string {
  return basename(wordsOf(pid)[0] ?? '');
}

function filtersOf(pid: number): number {
  return Number(/^Seccomp_filters:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function gathered(command: readonly string[], env = process.env) {
  const child = begin(command, { env });
  return { child, ended: outcome(child) };
}
