import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lacks } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { type Hypervisor, type SshdOnSocket, startHypervisor, startSshd } from '../../helpers/sshd.js';
import { useTempDir } from '../../helpers/temp-dir.js';

/** Its QEMU and its multiplexer are processes with their command lines; the socket and the forwarded port are real. */
describe.skipIf(lacks('ssh', 'sshd') || process.platform !== 'linux')(
  'a QEMU whose vsock has no SSH server, and that has a forwarded port',
  () => {
    const dir = useTempDir();
    const name = `fig-${process.pid}`;
    const mux = join(dir, 'mux.sock');
    const home = join(dir, 'home');
    const env = { ...process.env, HOME: home };
    // As a multiplexer does if nothing listens in the machine.
    const refusing = createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end()));
    const processes: ChildProcess[] = [];
    let sshd: SshdOnSocket;
    let forwarded: Hypervisor;

    // What QEMU does, which listens on the port itself.
    const forwards = `
      const { connect, createServer } = require('node:net');
      const server = createServer((socket) => {
        const guest = connect(process.env.GUEST_PORT, '127.0.0.1');
        for (const each of [socket, guest]) each.on('error', () => {});
        socket.pipe(guest).pipe(socket);
      });
      server.listen(0, '127.0.0.1', () => process.stdout.write('up'));
      process.stdin.resume().on('end', () => process.exit());`;
    const startQemu = (...args: string[]) =>
      spawn(process.execPath, ['-e', forwards, '--', ...args], {
        argv0: 'qemu-system-x86_64',
        env: { ...process.env, GUEST_PORT: `${forwarded.port}` },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
    const start = (argv0: string, ...args: string[]) =>
      spawn('sh', ['-c', 'read line', ...args], { argv0, stdio: ['pipe', 'ignore', 'ignore'] });

    beforeAll(async () => {
      mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
      sshd = await startSshd(dir);
      forwarded = await startHypervisor(dir, join(dir, 'guest'), {});
      const vhost = join(dir, 'vhost.sock');
      writeFileSync(vhost, '');
      await new Promise<void>((done) => refusing.listen(mux, done));
      const device = ['-chardev', `socket,id=v,path=${vhost}`, '-device', 'vhost-user-vsock-pci,chardev=v'];
      // It takes any port that is free.
      const network = ['-nic', 'user,hostfwd=tcp:127.0.0.1:0-:22'];
      const started = startQemu('-name', name, ...device, ...network);
      await once(started.stdout, 'data');
      const cid = ['--guest-cid', '43'];
      const multiplexer = start('vhost-device-vsock', ...cid, '--socket', vhost, '--uds-path', mux);
      await once(multiplexer, 'spawn');
      processes.push(started, multiplexer);
    });
    afterAll(async () => {
      for (const child of processes) child.kill();
      refusing.close();
      await Promise.all([sshd.close(), forwarded.close()]);
    });

    const login = (...ours: string[]) => {
      const quick = [
        '-F',
        '/dev/null',
        '-o',
        'BatchMode=yes',
        '-o',
        'LogLevel=ERROR',
        '-o',
        'StrictHostKeyChecking=accept-new',
        '-i',
        join(dir, 'id'),
      ];
      return run([...vmssh, 'ssh', ...ours, ...quick, `qemu/${name}`, 'exit 7'], { env });
    };

    it('is logged in to by that port', async () => {
      const first = /^vmssh: nobody on this host can confirm the host key of \S+\n$/;
      expect(await login()).toMatchObject({ code: 7, stderr: expect.stringMatching(first) });
      expect(await login()).toMatchObject({ code: 7, stderr: '' });
    });

    it('is reached by its vsock only, if that is asked for', async () => {
      const { code, stderr } = await login('--route', 'vsock-mux');
      expect(code).toBe(255);
      expect(stderr).toMatch(new RegExp(`^vmssh: cannot connect to "qemu/${name}": `));
    });

    it('is shown with both by check', async () => {
      // Without the route that worked last time.
      rmSync(join(home, '.local/state/vmssh/routes.json'), { force: true });
      const { stdout } = await run([...vmssh, 'check', '--until=authentication', '--json', `qemu/${name}`], {
        env,
      });
      expect(JSON.parse(stdout)).toMatchObject({
        ok: true,
        results: [
          {
            routes: [
              { route: 'vsock-mux', address: `vsock-mux:${mux}:22`, state: 'failed' },
              { route: 'ip', state: 'ok', found: expect.stringMatching(/^SSH-2\.0-/) },
            ],
          },
        ],
      });
    });
  },
);
