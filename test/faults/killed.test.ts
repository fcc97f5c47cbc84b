import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vmssh } from '../helpers/run.js';
import { script, useTempDir } from '../helpers/temp-dir.js';

describe('after SIGKILL of vmssh', () => {
  const dir = useTempDir();
  const metadata = [{ name: 'web', type: 'container', status: 'Running', config: {} }];
  const server = createServer((_, response) => response.end(JSON.stringify({ metadata })));
  beforeAll(() => once(server.listen(join(dir, 'incus.sock')), 'listening'));
  afterAll(() => server.close());

  it.each([
    {
      what: 'a tool ends at its next line',
      tool: 'multipass',
      text: 'while :; do sleep 0.1; echo; done',
      args: ['proxy', 'multipass/x', '22'],
    },
    {
      what: 'the ssh of a hop ends with its input',
      tool: 'ssh',
      text: 'exec cat >/dev/null',
      args: ['proxy', 'via/hv1/vsock/3', '22'],
    },
    {
      // As podman, which reads on where its input is reset: something that it printed was not read yet.
      what: 'an exec to which an sshd is brought ends, whatever it waits for',
      tool: 'incus',
      text: "echo 'vmssh bring'; echo 0; exec sleep 1000",
      args: ['proxy', '--bring-sshd', 'incus/web', '22'],
    },
  ])('$what', async ({ tool, text, args }) => {
    const bin = join(dir, tool);
    mkdirSync(bin);
    script(join(bin, tool), `echo $$ >${bin}/pid; ${text}`);
    const PATH = `${bin}:${process.env.PATH}`;
    const env = { ...process.env, PATH, VMSSH_SSH: 'ssh', INCUS_SOCKET: join(dir, 'incus.sock') };
    const [program = '', ...own] = vmssh;
    const ours = spawn(program, [...own, ...args], { env, stdio: 'ignore' });
    const pidOf = () => (existsSync(`${bin}/pid`) ? Number(readFileSync(`${bin}/pid`, 'utf8')) : 0);
    await expect.poll(pidOf, { timeout: 20_000 }).toBeGreaterThan(0);
    const pid = pidOf();
    expect(isRunning(pid)).toBe(true);
    ours.kill('SIGKILL');
    await once(ours, 'exit');
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
