import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { useSocketFolder } from '../connect/socket-folder.js';
import { executable, run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { overTcp } from './proxy/over-tcp.js';
import { installWithoutAddon } from './proxy/without-addon.js';

// The addon is a part of the executable, which would connect where these tests expect that nothing can.
describe.skipIf(executable !== undefined)('an installation without the built addon', () => {
  const dir = useTempDir();
  const folder = useSocketFolder();
  let program: readonly string[];
  beforeAll(() => {
    program = installWithoutAddon(dir);
  });

  it('relays over a unix socket, with half-close', async () => {
    const path = await folder.listen((socket) => {
      socket.write('SSH-2.0-x\r\n');
      let got = '';
      socket.on('data', (part) => {
        got += part;
      });
      socket.on('end', () => socket.end(got));
    });
    for (const command of [
      ['nc', '--pipe'],
      ['nc', '--pipe', '--wait'],
    ]) {
      const result = await run([...program, ...command, `unix${path}`, '22'], { input: 'hello' });
      expect(result, command.join(' ')).toMatchObject({ code: 0, stdout: 'SSH-2.0-x\r\nhello', stderr: '' });
    }
  });

  it('relays to a TCP socket, which takes no other socket, with --fdpass too', async () => {
    const path = await folder.listen((socket) => socket.end('SSH-2.0-x\r\n'));
    const command = [...program, 'proxy', '--fdpass', `unix${path}`, '22'];
    expect(await overTcp(command)).toEqual({ code: 0, stderr: '', written: 'SSH-2.0-x\r\n' });
  });

  it('talks to a multiplexer and does not pass its answer to ssh', async () => {
    const path = await folder.listen((socket) => {
      socket.once('data', (line) => {
        socket.write('OK 1073741824\nSSH-2.0-x\r\n');
        socket.on('data', (part) => socket.end(`${line}${part}`));
      });
    });
    const result = await run([...program, 'nc', '--pipe', `vsock-mux${path}`, '5000'], { input: 'hello' });
    expect(result).toMatchObject({ code: 0, stdout: 'SSH-2.0-x\r\nCONNECT 5000\nhello', stderr: '' });
  });

  // Memory of which nothing is mapped: reading it fails as a file on a failing disk does.
  it.each([
    ['proxy "$0" 22 <&-', { code: 0, stdout: 'SSH-2.0-x\r\n', stderr: '' }],
    ['proxy "$0" 22 </dev/null', { code: 0, stdout: 'SSH-2.0-x\r\n', stderr: '' }],
    ['nc --pipe "$0" 22 </', { code: 1, stderr: expect.stringContaining('(EISDIR)') }],
    ['nc --pipe "$0" 22 </proc/self/mem', { code: 1, stderr: expect.stringContaining('(EIO)') }],
  ])('does not take another stdin for ssh’s end or its own: $0', async (command, want) => {
    const ends = command.startsWith('proxy');
    const path = await folder.listen((socket) => {
      socket.resume();
      if (ends) socket.end('SSH-2.0-x\r\n');
      else socket.once('end', () => socket.end());
    });
    const script = `${program.map((word) => `'${word}'`).join(' ')} ${command}`;
    expect(await run(['sh', '-c', script, `unix${path}`], { keepOpen: true })).toMatchObject(want);
  });

  it('says what is missing for vsock, and every path that it tried', async () => {
    const env = { PATH: join(dir, 'nothing'), HOME: dir };
    const result = await run([...program, 'proxy', 'vsock/3', '22'], { env });
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('linux-x64/node-hvsock-native.node');
    expect(result.stderr).toContain('apt-get install g++ && npm run build');
  });

  it('says that forwarding a port needs it, with the fix', async () => {
    const result = await run([...program, 'forward', `unix${join(dir, 'any.sock')}`, '22', '2222']);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toMatch(
      /: forwarding needs the native addon\. .*\nhint: in a checkout: apt-get install g\+\+ && npm run build\n$/,
    );
  });

  it('prints a configuration without fd passing', async () => {
    const result = await run([...program, 'config', 'print']);
    expect(result.stdout).toContain('ProxyUseFdpass no');
    expect(result.stdout).not.toContain('--fdpass');
  });
});
