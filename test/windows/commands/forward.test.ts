import { spawn } from 'node:child_process';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type Followed, follow } from '../../helpers/run.js';
import { describeWindows } from '../bed/describe.js';
import { programs, workFile } from '../bed/paths.js';
import { echoWithTail, startPeer } from '../bed/peer.js';
import { windowsProcesses } from '../bed/processes.js';
import { onWindows, runOnWindows, withHvsock } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

const target = 'hyper-v/11111111-2222-4333-8444-555555555555';
const tail = randomBytes(1 << 20);

const sumOf = (...parts: readonly Buffer[]) =>
  createHash('sha256').update(Buffer.concat(parts)).digest('hex');
/** The line for a connection on which these bytes came back, and the tail. */
const closed = ({ length }: Buffer) => ({
  ...{ event: 'closed', end: 'both', sent: length, received: length + tail.length },
});

/** Ends the Windows program that has these arguments: to end the bridge only closes its pipes. */
function end(args: readonly string[]): void {
  for (const { pid, line } of windowsProcesses(workFolder()))
    if (line.includes(args.join(' '))) process.kill(pid);
}

/** Starts `vmssh forward` for the rest of the test; `log` is what the fake of hvsock writes, for the message of a wait. */
function start(
  program: readonly string[],
  own: readonly string[],
  env: NodeJS.ProcessEnv,
  log = '',
): Followed {
  const [command = '', ...args] = onWindows([...program, ...own]);
  const child = spawn(command, args, { env, stdio: 'pipe' });
  onTestFinished(() => end(own));
  return follow(child, () => (log && existsSync(log) ? readFileSync(log, 'latin1') : ''));
}

describeWindows.each(Object.entries(programs))('forward by %s', (_name, program) => {
  it('makes a port of a machine a local one: 8 MiB, and each end is passed on', async () => {
    const env = withHvsock({ PORT: await startPeer(echoWithTail(tail)) });
    const own = ['forward', '--json', target, String(randomInt(10_000, 1 << 30)), '0'];
    const forward = start(program, own, env);
    const { listener } = (await forward.next()) as { listener: { host: string; port: number } };
    expect(listener).toEqual({ host: '127.0.0.1', port: expect.any(Number) });
    const bytes = randomBytes(8 << 20);
    const client = createConnection({ ...listener, allowHalfOpen: true });
    onTestFinished(() => void client.destroy());
    const sum = createHash('sha256');
    client.on('data', (part) => sum.update(part));
    client.end(bytes);
    await forward.within('end from the machine', once(client, 'end'));
    expect(sum.digest('hex')).toBe(sumOf(bytes, tail));
    expect(await forward.next()).toMatchObject(closed(bytes));
  });

  it('refuses a unix socket, which it could not keep from other users', async () => {
    const { code, stderr } = await runOnWindows([...program, 'forward', target, '5000', './x.sock']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('only on TCP ports') });
  });
});

/** The bytes of that machine's id and of a port's service id, as bind gets them. */
const bound = '220000001111111122223343844455555555555588130000cbfae611bd5864006a7986d3';

describeWindows.each(Object.entries(programs))('forward --reverse by %s', (_name, program) => {
  it('connects one machine to a program of this host, and turns another one away', async () => {
    const own = ['forward', '--reverse', '--json', target, '5000', await startPeer(echoWithTail(tail))];
    const log = join(workFolder(), 'reverse.log');
    rmSync(log, { force: true });
    const env = withHvsock({ LOG: workFile('reverse.log'), STRANGER: '1' });
    const forward = start(program, own, env, log);
    const listening = { event: 'listening', listener: { port: 5000 }, target, port: 5000 };
    expect(await forward.next()).toMatchObject(listening);
    const calls = readFileSync(log, 'latin1');
    expect(calls).toMatch(new RegExp(`^socket 34 1 1\nbind ${bound}\nlistening \\d+\n$`));
    await expect
      .poll(() => forward.said.stderr)
      .toMatch(
        /^vmssh: Windows has no service of port 5000 under GuestCommunicationServices, so it may turn the machine away\nhint: in an elevated terminal: .* service register 5000\n$/,
      );
    const machine = () => {
      const port = Number(/^listening (\d+)$/m.exec(calls)?.[1]);
      const client = createConnection({ host: '127.0.0.1', port, allowHalfOpen: true });
      onTestFinished(() => void client.destroy());
      return client.on('error', () => {});
    };
    const stranger = machine();
    let stolen = 0;
    stranger.on('data', ({ length }) => {
      stolen += length;
    });
    stranger.end('mine');
    // An end or a reset, as what it sent was not read.
    await forward.within('end for the other machine', new Promise((end) => stranger.once('close', end)));
    expect(stolen).toBe(0);
    await expect
      .poll(() => forward.said.stderr)
      .toContain('port 5000: turned away: 111111ee-2222-4333-8444-555555555555 is another machine\n');
    const bytes = randomBytes(1 << 20);
    const client = machine();
    const sum = createHash('sha256');
    client.on('data', (part) => sum.update(part));
    client.end(bytes);
    await forward.within('end for the machine', once(client, 'end'));
    expect(sum.digest('hex')).toBe(sumOf(bytes, tail));
    expect(await forward.next()).toMatchObject(closed(bytes));
    // A connection outlives a pause of the machine.
    expect(readFileSync(log, 'latin1')).toContain('setsockopt 1 4 01000000');
  });
});

describeWindows('forward --reverse', () => {
  it.each([
    { code: '10013', says: 'Windows does not let this user open Hyper-V sockets' },
    { code: '10048', says: 'another program listens there for this machine (WSAEADDRINUSE)' },
    { code: '10049', says: 'no running machine of this Windows has the id of' },
  ])('says what $code means', async ({ code, says }) => {
    const line = [...(programs['vmssh.exe'] ?? []), 'forward', '--reverse', target, '5000', '80'];
    const ended = await runOnWindows(line, { env: withHvsock({ BIND: code }) });
    expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(says) });
    expect(ended.stderr).toMatch(/^vmssh: cannot listen on vsock port 5000: .*\nhint: .+\n$/);
  });
});
