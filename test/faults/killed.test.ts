import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { script } from '../e2e/via/hypervisors.js';
import { vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

describe('after SIGKILL of vmssh', () => {
  const dir = useTempDir();

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
  ])('$what', async ({ tool, text, args }) => {
    const bin = join(dir, tool);
    mkdirSync(bin);
    script(join(bin, tool), `echo $$ >${bin}/pid; ${text}`);
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, VMSSH_SSH: 'ssh' };
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
