import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configText } from '../../../src/hosts/text.js';
import { execute } from '../bed/execute.js';
import type { Guest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { bootHypervisor } from '../inside/hypervisor.js';
import { started, up } from '../inside/virtual-machines.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const mint = { name: 'mint', uuid: '11111111-2222-4333-8444-555555555555', cid: 50 };
const vmssh = join(root, 'dist/vmssh.js');
/** In the order in which a hypervisor tries them: each is taken away from it after its turn. */
const tools = [
  { tool: 'vmssh', away: '/usr/local/bin/vmssh' },
  { tool: 'python3', away: '/usr/bin/python3' },
  { tool: 'socat', away: undefined },
] as const;

// Here is this machine, the hypervisor is a guest, and the machine on the kernel's own vsock is the guest of that guest.
describeGuests('a guest of a guest, by a hop', () => {
  let guest: Guest;
  const dir = mkdtempSync(join(tmpdir(), 'vmssh-via-'));
  const path = (name: string) => join(dir, name);
  const here = (program: string, ...args: readonly string[]) => {
    const env = { ...process.env, VMSSH_SSH: `ssh -F ${path('hypervisors')}` };
    return execute(program, args, { env, timeout: 300, allowFailure: true });
  };
  const ssh = (target: string, ...command: readonly string[]) =>
    here('ssh', '-F', path('config'), target, ...command);
  const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

  beforeAll(async () => {
    guest = await bootHypervisor({ cid: 81, memory: 1024 });
    const login = `    User root\n    IdentityFile ${guest.identity}\n    IdentitiesOnly yes\n    BatchMode yes\n`;
    const keys = `    StrictHostKeyChecking accept-new\n    UserKnownHostsFile ${path('known')}\n`;
    writeFileSync(
      path('hypervisors'),
      `Host hv\n    HostName 127.0.0.1\n    Port ${guest.tcpPort}\n    LogLevel ERROR\n${login}${keys}`,
      { mode: 0o600 },
    );
    const written = configText({
      program: [process.execPath, vmssh],
      fdpass: true,
      knownHosts: path('vmssh_known'),
    });
    writeFileSync(
      path('config'),
      `${written.replaceAll(' proxy ', ' proxy --timeout=90 ')}\nHost *\n${login}    StrictHostKeyChecking accept-new\n`,
      { mode: 0o600 },
    );
    await guest.run(started(mint));
    await guest.run(up(mint), { timeout: 1200 });
  }, 1_800_000);
  afterAll(async () => {
    await guest?.stop();
    rmSync(dir, { recursive: true });
  });

  test('is listed', { timeout: 300_000 }, async () => {
    const list = async () =>
      JSON.parse((await here(process.execPath, vmssh, 'list', '--json', '--via', 'hv')).stdout);
    await expect.poll(list, { timeout: 200_000, interval: 500 }).toMatchObject({
      machines: [{ ...mint, via: 'hv', status: 'running', target: 'via/hv/qemu/mint' }],
      errors: [],
    });
  });

  test.each(['via/hv/mint', 'via%hv%qemu%mint'])('is reached as %s', { timeout: 300_000 }, async (typed) => {
    const result = await ssh(typed, 'uname -n');
    expect(result, result.stderr).toMatchObject({ code: 0, stdout: 'mint\n' });
  });

  test.each(tools)('is reached by its CID with $tool', { timeout: 900_000 }, async ({ tool, away }) => {
    const checked = await here(process.execPath, vmssh, 'check', '-v', 'via/hv/vsock/50');
    expect(checked.stderr + checked.stdout).toContain(`by ${tool} on hv`);
    expect(await ssh('via/hv/vsock/50', 'uname -n')).toMatchObject({ code: 0, stdout: 'mint\n' });
    const bytes = randomBytes(4 * 2 ** 20);
    writeFileSync(path('from'), bytes);
    const copy = (from: string, to: string) => here('scp', '-q', '-F', path('config'), from, to);
    expect(await copy(path('from'), 'via%hv%vsock%50:/run/file')).toMatchObject({ code: 0, stderr: '' });
    expect(await copy('via%hv%vsock%50:/run/file', path('back'))).toMatchObject({ code: 0, stderr: '' });
    expect((await ssh('via%hv%vsock%50', 'sha256sum </run/file')).stdout).toBe(`${sum(bytes)}  -\n`);
    expect(sum(readFileSync(path('back')))).toBe(sum(bytes));
    if (away) await guest.run(`mv ${away} /root`);
  });
});
