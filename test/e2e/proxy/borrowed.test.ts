import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandIn, standIns, toolFolder } from '../../connect/borrow/stand-ins.js';
import { type Container, makeContainer } from '../../connect/exec/container.js';
import { SocketFolder } from '../../connect/socket-folder.js';
import { failing, saying } from '../../helpers/expected.js';
import { findProgram, lacks } from '../../helpers/programs.js';
import { executable, run } from '../../helpers/run.js';
import { useIncus, useSshd } from '../../helpers/sockets/peers.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { installWithoutAddon } from './without-addon.js';

const skip = executable !== undefined || lacks('ssh', 'sshd', 'python3', 'socat');

// CID 42 is a unix socket for the tools: see stand-ins.ts.
describe.skipIf(skip)('vsock without the addon', () => {
  const dir = useTempDir();
  mkdirSync(join(dir, 'copy'));
  const sshd = useSshd(dir);
  let program: readonly string[];
  const refused = new SocketFolder();
  const folders = {} as Record<StandIn, string>;
  beforeAll(async () => {
    program = installWithoutAddon(join(dir, 'copy'));
    symlinkSync(sshd.path, join(dir, '42'));
    symlinkSync(await refused.abandon(), join(dir, '43'));
    for (const tool of standIns) folders[tool] = toolFolder(dir, tool);
  });
  afterAll(() => refused.stop());

  const env = (tool: StandIn) => ({
    ...{ HOME: dir, SHELL: '/bin/sh', PATH: folders[tool] },
    VMSSH_SSH: findProgram('ssh'),
  });
  const ours = (tool: StandIn, ...args: string[]) => run([...program, ...args], { env: env(tool) });

  /** The real ssh, by a proxy that finds only this tool. */
  function ssh(
    tool: StandIn,
    mode: 'fdpass' | 'relay',
    words: readonly string[],
    stdin = '/dev/null',
    more: NodeJS.ProcessEnv = {},
  ) {
    const proxy = [...program, 'proxy', ...(mode === 'fdpass' ? ['--fdpass'] : []), ...words];
    const options = [
      ...[`ProxyCommand=${proxy.join(' ')}`, `ProxyUseFdpass=${mode === 'fdpass' ? 'yes' : 'no'}`],
      ...['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'],
    ].flatMap((each) => ['-o', each]);
    const call = [findProgram('ssh') ?? 'ssh', '-F', sshd.config(mode), ...options, 'guest'];
    return (command: string) =>
      run(['/bin/sh', '-c', 'exec "$@" <"$0"', stdin, ...call, command], { env: { ...env(tool), ...more } });
  }

  describe.each(standIns)('by %s', (tool) => {
    it('carries a login and its bytes both ways', async () => {
      const bytes = randomBytes(3_000_001);
      const file = join(dir, `sent-${tool}`);
      writeFileSync(file, bytes);
      const there = await ssh(tool, 'relay', ['vsock/42', '22'], file)('exec cat');
      expect(there).toMatchObject({ code: 0, stderr: '' });
      const digest = createHash('sha256').update(bytes).digest('hex');
      const counted = await ssh(tool, 'relay', ['vsock/42', '22'], file)('exec /usr/bin/sha256sum');
      expect(counted).toMatchObject({ code: 0, stderr: '', stdout: `${digest}  -\n` });
    });

    it('waits for a banner first, checks, and pipes', async () => {
      const waited = await ssh(tool, 'relay', ['--wait=20', 'vsock/42', '22'])('echo hello');
      expect(waited).toMatchObject({ code: 0, stdout: 'hello\n' });
      for (const option of ['--timeout=20', '--route=vsock']) {
        const looked = await ssh(tool, 'relay', [option, 'vsock/42', '22'])('echo hello');
        expect(looked).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' });
      }
      const banner = await ours(tool, 'nc', '--banner', '-v', 'vsock/42');
      expect(banner).toMatchObject({ code: 0, stdout: expect.stringMatching(/^SSH-2\.0-OpenSSH/) });
      expect(banner.stderr).toContain(`vsock:42:22 is open (without the addon), by ${tool}\n`);
      const check = await ours(tool, 'check', '-v', 'vsock/42');
      expect(check.stdout).toMatch(new RegExp(`by ${tool}[\\s\\S]*SSH-2\\.0-OpenSSH[\\s\\S]*host key`));
      const piped = await run([...program, 'nc', '--pipe', 'vsock/42'], {
        ...{ env: env(tool), input: 'SSH-2.0-test\r\n' },
      });
      expect(piped).toMatchObject({ code: 0, stdout: expect.stringMatching(/^SSH-2\.0-OpenSSH/) });
    });

    it('says why there is no connection', async () => {
      expect(await ours(tool, 'proxy', 'vsock/43', '22')).toMatchObject(
        failing(
          1,
          /^vmssh: cannot connect to "vsock\/43": .* nothing listens on its vsock port 22 \(ECONNREFUSED\)\nhint: .*in the guest, run: /,
        ),
      );
    });
  });

  it('is passed to ssh by python3, and then no process is left', async () => {
    const left = `/bin/ps -e -o args | /bin/grep -c "^${program.join(' ')} [p]roxy"; exit 0`;
    const passed = await ssh('python3', 'fdpass', ['vsock/42', '22'])(left);
    expect(passed).toMatchObject({ code: 0, stdout: '0\n', stderr: '' });
    const waited = await ssh('python3', 'fdpass', ['--wait=20', 'vsock/42', '22'])('echo hello');
    expect(waited).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' });
    const looked = await ssh('python3', 'fdpass', ['--timeout=20', 'vsock/42', '22'])('echo hello');
    expect(looked).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' });
  });

  it('is not passed to ssh by socat, and the message says what can', async () => {
    expect(await ssh('socat', 'fdpass', ['vsock/42', '22'])('true')).toMatchObject(
      saying(255, 'passing a vsock to ssh needs the native addon, or python3 or systemd-ssh-proxy'),
    );
  });

  describe('what no other program passes', () => {
    const INCUS_SOCKET = useIncus(dir, [{ name: 'web', type: 'container', status: 'Running', config: {} }]);
    const mux = createServer((client) => {
      client.once('data', () => {
        client.write('OK 1073741824\n');
        const server = connect(sshd.path);
        client.pipe(server).pipe(client);
        for (const each of [client, server]) each.on('error', () => {});
      });
    });
    let container: Container;
    beforeAll(async () => {
      container = makeContainer(dir, { program: 'incus', keys: dir });
      await once(mux.listen(join(dir, 'mux.sock')), 'listening');
    });
    afterAll(() => void mux.close());

    it.each(['unix', 'vsock-mux', 'incus'])('is relayed, or refused with the fix: %s', async (kind) => {
      const target =
        { unix: `unix${sshd.path}`, 'vsock-mux': `vsock-mux${dir}/mux.sock` }[kind] ?? 'incus/web';
      const more = { INCUS_SOCKET, PATH: `${container.bin}:${process.env.PATH}` };
      expect(await ssh('python3', 'fdpass', [target, '22'], '/dev/null', more)('true')).toMatchObject(
        saying(
          255,
          /: passing a socket to ssh needs the native addon\. .*\nhint: .* config install writes Hosts that relay; .* ProxyUseFdpass no, and a ProxyCommand without --fdpass\n/,
        ),
      );
      const relayed = await ssh('python3', 'relay', [target, '22'], '/dev/null', more)('echo hello');
      expect(relayed).toMatchObject({ code: 0, stdout: 'hello\n' });
    });
  });
});
