import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { follow, outcome, run } from '../../helpers/run.js';
import { describeWindows } from '../bed/describe.js';
import { programs, workFile } from '../bed/paths.js';
import { startPeer } from '../bed/peer.js';
import { windowsProcesses } from '../bed/processes.js';
import { withHvsock } from '../bed/run.js';
import { type SshdOnTcp, startTcpSshd } from '../bed/sshd.js';
import { workFolder } from '../bed/work-folder.js';

const target = 'hvsock:86e0c1e9-782c-47e0-b7c2-99f8167f5178:vsock-22';
const mebibytes = 64;

describeWindows.each(Object.entries(programs))('a login by %s', (_name, program) => {
  let sshd: SshdOnTcp;
  let dir: string;
  let env: NodeJS.ProcessEnv;
  let ssh: readonly string[];
  const bytes = randomBytes(mebibytes << 20);
  const sum = createHash('sha256').update(bytes).digest('hex');

  beforeAll(async () => {
    dir = join(workFolder(), `sshd-${process.pid}-${Date.now()}`);
    mkdirSync(dir);
    sshd = await startTcpSshd(dir);
    env = withHvsock({ PORT: String(sshd.port) });
    ssh = sshd.ssh([...program, 'proxy', '--typed', target, target, '22']);
    writeFileSync(join(dir, 'bytes'), bytes);
  });
  afterAll(async () => {
    await sshd.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('carries the exit code', async () => {
    const { code, stdout, stderr } = await run([...ssh, 'hv', 'echo in; echo err >&2; exit 42'], { env });
    expect({ code, stdout, stderr }).toEqual({ code: 42, stdout: 'in\n', stderr: 'err\n' });
  });

  it(`carries ${mebibytes} MiB up`, async () => {
    const { code, stdout } = await run([...ssh, 'hv', 'sha256sum'], { env, input: bytes, timeout: 50_000 });
    expect({ code, sum: stdout.slice(0, 64) }).toEqual({ code: 0, sum });
  });

  it(`carries ${mebibytes} MiB down`, async () => {
    const down = `set -o pipefail; "$@" 'cat ${join(dir, 'bytes')}' | sha256sum`;
    const { code, stdout } = await run(['bash', '-c', down, 'bash', ...ssh, 'hv'], { env, timeout: 50_000 });
    expect({ code, sum: stdout.slice(0, 64) }).toEqual({ code: 0, sum });
  });

  it(`carries ${mebibytes} MiB in both directions at once`, async () => {
    const both = 'set -o pipefail; "$@" cat | sha256sum';
    const options = { env, input: bytes, timeout: 50_000 };
    const { code, stdout } = await run(['bash', '-c', both, 'bash', ...ssh, 'hv'], options);
    expect({ code, sum: stdout.slice(0, 64) }).toEqual({ code: 0, sum });
  });

  it('reports that the machine is gone', async () => {
    const machine: Socket[] = [];
    const port = await startPeer((socket) => {
      machine.push(socket);
      const inside = connect(sshd.port, '127.0.0.1');
      inside.on('error', () => {});
      socket.pipe(inside).pipe(socket);
    });
    const [command = '', ...args] = ssh;
    const child = spawn(command, [...args, 'hv', 'echo ready; sleep 1000'], {
      env: { ...env, ...withHvsock({ PORT: port }) },
    });
    await follow(child).within('output of the login', once(child.stdout, 'data'));
    for (const socket of machine) socket.resetAndDestroy();
    const { code, stderr } = await outcome(child);
    expect(code).toBe(255);
    expect(stderr).toContain(
      `vmssh: connection lost to "${target}": the machine broke the connection (WSAECONNRESET)\n`,
    );
  });

  it('is over within a second of the end of ssh by SIGKILL', async () => {
    const child = spawn(ssh[0] ?? '', [...ssh.slice(1), 'hv', 'echo ready; sleep 1000'], { env });
    await follow(child).within('output of the login', once(child.stdout, 'data'));
    expect(windowsProcesses(workFolder())).not.toEqual([]);
    child.kill('SIGKILL');
    await delay(1000);
    expect(windowsProcesses(workFolder())).toEqual([]);
  });
});

describeWindows('a proxy that still connects', () => {
  it('is over within a second of the end of ssh', async () => {
    const dir = join(workFolder(), `sshd-${Date.now()}`);
    mkdirSync(dir);
    const log = join(workFolder(), 'connect.log');
    rmSync(log, { force: true });
    const sshd = await startTcpSshd(dir);
    const env = withHvsock({ PORT: String(sshd.port), DELAY: '30000', LOG: workFile('connect.log') });
    const [ssh = '', ...args] = sshd.ssh([...(programs['vmssh.exe'] ?? []), 'proxy', target, '22']);
    const child = spawn(ssh, [...args, 'hv', 'true'], { env });
    await expect.poll(() => connects(log)).toBe(true);
    child.kill('SIGKILL');
    await delay(1000);
    expect(windowsProcesses(workFolder())).toEqual([]);
    await sshd.close();
  });
});

function connects(log: string): boolean {
  try {
    return readFileSync(log, 'latin1').includes('connect');
  } catch {
    return false;
  }
}
