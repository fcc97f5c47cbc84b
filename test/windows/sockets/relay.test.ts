import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { follow, outcome, within } from '../../helpers/run.js';
import { describeWindows } from '../bed/describe.js';
import { programs } from '../bed/paths.js';
import { echoWithTail, startPeer } from '../bed/peer.js';
import { onWindows, withHvsock } from '../bed/run.js';

const target = 'hvsock:LOOPBACK:vsock-5000';
const tail = randomBytes(3 << 20);
const lost = `vmssh: connection lost to "${target}": the machine broke the connection (WSAECONNRESET)\nhint: check that it is still running\n`;

describeWindows.each(Object.entries(programs))('a relay by %s', (_name, program) => {
  /**
   * Connects the program to a machine that greets, and waits until the greeting has come through: from then on the program
   * always has a receive under way. Without one, Wine reports a reset as an end.
   */
  async function greeted() {
    const sockets: Socket[] = [];
    const port = await startPeer((socket) => {
      sockets.push(socket.resume());
      socket.write('hello\n');
    });
    const [command = '', ...args] = onWindows([...program, 'nc', '--pipe', target]);
    const child = spawn(command, args, { env: withHvsock({ PORT: port }), stdio: 'pipe' });
    const { said } = follow(child);
    await expect.poll(() => said.stdout).toBe('hello\n');
    const [machine] = sockets;
    if (!machine) throw new TypeError('it greeted without a connection');
    return { child, said, machine };
  }

  /** Pipes the bytes through the program; gives the sum of what came out of it. */
  async function piped(bytes: Buffer, env: NodeJS.ProcessEnv) {
    const [command = '', ...args] = onWindows([...program, 'nc', '--pipe', target]);
    const child = spawn(command, args, { env, stdio: 'pipe' });
    const hash = createHash('sha256');
    child.stdout.on('data', (part) => hash.update(part));
    child.stdin.end(bytes);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const told = () => `it had printed ${stderr}`;
    const [code] = await within('end of the program', once(child, 'close'), told);
    return { code, stderr, sum: hash.digest('hex') };
  }
  const sumOf = (...parts: readonly Buffer[]) =>
    createHash('sha256').update(Buffer.concat(parts)).digest('hex');

  it.each([
    { name: 'a small request', length: 5, more: {} },
    { name: 'nothing at all', length: 0, more: {} },
    { name: '16 MiB', length: 16 << 20, more: {} },
    { name: '300 kB in short sends', length: 300_000, more: { FAKE_HV_SHORT: '777' } },
    { name: '16 MiB over the pipes of cmd.exe', length: 16 << 20, more: { BRIDGE_PIPES: 'anonymous' } },
  ])('half-closes after $name and delivers what follows', async ({ length, more }) => {
    const bytes = randomBytes(length);
    const env = { ...withHvsock({ PORT: await startPeer(echoWithTail(tail)) }), ...more };
    expect(await piped(bytes, env)).toEqual({ code: 0, stderr: '', sum: sumOf(bytes, tail) });
  });

  it('reports that the machine is gone, while stdin is open', async () => {
    const { child, machine } = await greeted();
    machine.once('data', () => machine.resetAndDestroy());
    child.stdin.write('hello');
    expect(await outcome(child)).toMatchObject({ code: 1, stderr: lost });
  });

  it('reports that the machine broke the connection after the end of stdin', async () => {
    const { child, said, machine } = await greeted();
    machine.once('end', () => machine.write('half of an ans'));
    child.stdin.end('hello');
    await expect.poll(() => said.stdout).toBe('hello\nhalf of an ans');
    machine.resetAndDestroy();
    expect(await outcome(child)).toMatchObject({ code: 1, stderr: lost });
  });

  it('ends when nobody reads its stdout any more', async () => {
    const port = await startPeer((socket) => socket.resume());
    const [command = '', ...args] = onWindows([...program, 'nc', '--pipe', '-v', target]);
    const child = spawn(command, args, { env: withHvsock({ PORT: port }), stdio: 'pipe' });
    const { said } = follow(child);
    await expect.poll(() => said.stderr).toContain('is open');
    child.stdin.on('error', () => {});
    child.kill('SIGKILL'); // the bridge: both of the program's pipes lose their other end
    await within('end of the program', once(child, 'close'));
  });
});
