import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run, vmssh } from '../../helpers/run.js';
import { bootGuest, type Guest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';

const name = `fig-${process.pid}`;
const uuid = '22222222-2222-4333-8444-555555555555';

// This machine's vmssh and a guest with vsock: nothing listens there, and QEMU forwards a port of this machine to its sshd.
describeGuests('a virtual machine whose vsock is silent', () => {
  const home = mkdtempSync(join(tmpdir(), 'vmssh-second-'));
  const env = { ...process.env, HOME: home };
  let guest: Guest;
  let port: number;
  const ours = (...args: string[]) => run([...vmssh, ...args], { env });
  /** The real ssh, scp or rsync by the Hosts of config install. */
  const sh = (line: string) => run(['sh', '-c', line], { env: { ...env, RSYNC_RSH: ssh() } });
  const ssh = () => `ssh ${options()}`;
  const options = () =>
    `-F ${home}/.ssh/config -i ${guest.identity} -o User=root -o BatchMode=yes -o UserKnownHostsFile=${home}/known -o StrictHostKeyChecking=accept-new`;
  /** Without the route that worked last time. */
  const forget = () => rmSync(join(home, '.local/state/vmssh/routes.json'), { force: true });

  beforeAll(async () => {
    mkdirSync(join(home, '.ssh'), { mode: 0o700 });
    port = await freePort();
    // Its systemd does not listen on vsock by itself.
    guest = await bootGuest({ suite: 'bookworm', net: port, qemu: ['-name', name, '-uuid', uuid] });
    expect(await ours('config', 'install')).toMatchObject({ code: 0 });
  }, 400_000);
  afterAll(async () => {
    await guest?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const twoRoutes = () => [
    { route: 'vsock-mux', address: `vsock-mux${guest.muxPath}` },
    { route: 'ip', address: `127.0.0.1:${port}` },
  ];

  test('is listed with both routes', async () => {
    const { machines } = JSON.parse((await ours('list', '--json', '--provider', 'qemu')).stdout);
    const found = machines.find((each: { name: string }) => each.name === name);
    expect(found).toMatchObject({ uuid, target: `qemu/${name}`, routes: twoRoutes() });
  });

  test('is logged in to by the second route, as VS Code does it, by scp and by rsync', async () => {
    expect(await sh(`${ssh()} ${name} uname -n`)).toMatchObject({ code: 0, stdout: 'bookworm\n' });
    expect(await sh(`echo 'uname -n; exit 7' | ${ssh()} -T ${name} bash`)).toMatchObject({
      code: 7,
      stdout: 'bookworm\n',
    });
    const copies = `scp -q ${options()} ${name}:/etc/os-release ${home}/one && rsync -a ${home}/one ${name}:/tmp/two &&
      rsync -a ${name}:/tmp/two ${home}/two && cmp ${home}/one ${home}/two`;
    expect(await sh(copies)).toMatchObject({ code: 0 });
    expect(readFileSync(join(home, 'two'), 'utf8')).toContain('bookworm');
  });

  test('is checked by each route', async () => {
    forget();
    const { stdout } = await ours(
      'check',
      '--until=authentication',
      '--json',
      '--timeout',
      '60',
      `root@qemu/${name}`,
    );
    const [first, second] = twoRoutes();
    expect(JSON.parse(stdout)).toMatchObject({
      results: [
        {
          routes: [
            { route: first?.route, state: 'failed' },
            {
              ...second,
              address: `tcp:${second?.address}`,
              state: 'ok',
              found: expect.stringMatching(/^SSH-2\.0-OpenSSH/),
            },
          ],
        },
      ],
    });
  });

  test('is reached by no other route than the one that is asked for', async () => {
    const by = (route: string) =>
      ours('ssh', '--route', route, ...options().split(' '), `qemu/${name}`, 'uname -n');
    const refused = await by('vsock-mux');
    expect(refused.code).toBe(255);
    expect(refused.stderr).toMatch(
      new RegExp(`^vmssh: cannot connect to "qemu/${name}": .*nothing listens on vsock port 22`),
    );
    expect(await by('ip')).toMatchObject({ code: 0, stdout: 'bookworm\n' });
  });

  test('is logged in to by the second route if a listener on vsock sends no banner', async () => {
    await guest.run(`systemd-run --quiet socat VSOCK-LISTEN:22,fork EXEC:'sleep 100000'
      until ss --listening --vsock | grep -q ':22 '; do sleep 0.2; done`);
    forget();
    const { stdout } = await ours(
      'check',
      '--until=authentication',
      '--json',
      '--timeout',
      '60',
      `root@qemu/${name}`,
    );
    expect(JSON.parse(stdout)).toMatchObject({
      results: [
        {
          routes: [
            { route: 'vsock-mux', state: 'failed', found: expect.stringContaining('no SSH banner') },
            { route: 'ip', state: 'ok' },
          ],
        },
      ],
    });
    forget();
    const proxy = [...vmssh, 'proxy', '--timeout=60', `qemu/${name}`, '22'].join(' ');
    const login = await sh(`${ssh()} -o ProxyUseFdpass=no -o ProxyCommand='${proxy}' ${name} uname -n`);
    expect(login).toMatchObject({ code: 0, stdout: 'bookworm\n' });
  }, 300_000);
});

/** Of 127.0.0.1, for QEMU to listen on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
