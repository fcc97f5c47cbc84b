import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { ends, printing, saying } from '../../helpers/expected.js';
import { lifeline } from '../../helpers/lifeline.js';
import { findProgram, missingPrograms } from '../../helpers/programs.js';
import { begin, isAlive, outcome, run, until, vmssh } from '../../helpers/run.js';
import { listening } from '../../helpers/sockets/servers.js';
import { script } from '../../helpers/temp-dir.js';
import { onTerminal } from '../../helpers/terminal.js';
import { multiplexer } from '../forward/forwarding.js';
import { needed, python, useHypervisors } from './hypervisors.js';

const tools = { ...needed, python3: 'python3', script: 'bsdutils' };

describe.skipIf(missingAddon() ?? missingPrograms(tools))('a hop', () => {
  const bed = useHypervisors({ hv1: {} });
  const { dir, env } = bed;
  const target = () => `via/hv1/unix${bed.guest.path}`;
  let silent: Server;
  let count = 0;

  beforeAll(async () => {
    // ssh keeps no other descriptor open, so its process id tells of it.
    script(join(dir, 'ssh'), `echo $$ >>${dir}/hops; exec ${findProgram('ssh')} -F ${dir}/hv_config "$@"`);
    silent = createServer(() => {});
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    bed.configure('', { silent: (silent.address() as { port: number }).port });
  });
  afterAll(() => void silent.close());

  /** The last step's tool on hv1 from now on. */
  function tool() {
    const line = lifeline(join(dir, `line${count++}`));
    script(join(bed.hosts.hv1?.bin ?? '', 'python3'), `${line.hold}; exec ${python()} "$@"`);
    writeFileSync(join(dir, 'hops'), '');
    return line;
  }
  const hop = () => Number(readFileSync(join(dir, 'hops'), 'utf8').trim());

  it.each(['fdpass', 'relay'] as const)('ends on both sides with a killed ssh, by %s', async (mode) => {
    const there = tool();
    const ssh = spawn('ssh', ['-F', bed.guest.config(mode), target(), 'echo in; exec cat'], { env });
    await until(ssh.stdout, 'in');
    await there.started;
    expect(isAlive(hop())).toBe(true);
    ssh.kill('SIGKILL');
    await there.gone;
    await expect.poll(() => isAlive(hop()), { timeout: 10_000 }).toBe(false);
  });

  it('that breaks in mid-transfer is an error, not the end of the data', async () => {
    const there = tool();
    const path = join(dir, 'endless.sock');
    await listening(
      createServer((socket) => socket.write('x'.repeat(100_000))),
      path,
    );
    const nc = begin([...vmssh, 'nc', '--pipe', `via/hv1/unix${path}`], { env });
    const end = outcome(nc);
    await until(nc.stdout, 'x');
    process.kill(hop(), 'SIGKILL');
    expect(await end).toMatchObject(
      saying(1, 'the hop to its hypervisor broke off, so bytes may be missing (HOP_LOST)'),
    );
    await there.gone;
  });

  it.each([
    { name: 'ends', want: { end: 'both', received: 100_000 } },
    { name: 'breaks', want: { end: 'failed', error: { code: 'HOP_LOST' } } },
  ])(
    'under a forwarded connection is not taken for its end if it breaks: it $name',
    async ({ name, want }) => {
      const there = tool();
      const path = join(dir, `mux-${name}.sock`);
      await multiplexer(path, (socket) => {
        socket.write('x'.repeat(100_000));
        if (name === 'ends') socket.end();
      });
      const args = ['forward', '--json', `via/hv1/vsock-mux${path}`, '80', '0'];
      const forward = begin([...vmssh, ...args], { env });
      onTestFinished(() => void forward.kill('SIGKILL'));
      const lines = createInterface({ input: forward.stdout })[Symbol.asyncIterator]();
      const { port } = JSON.parse((await lines.next()).value).listener;
      const client = createConnection(port, '127.0.0.1');
      client.on('error', () => {}).resume();
      await once(client, 'data');
      if (name === 'breaks') process.kill(hop(), 'SIGKILL');
      expect(JSON.parse((await lines.next()).value)).toMatchObject({ event: 'closed', ...want });
      await there.gone;
      forward.kill('SIGTERM');
      expect(await once(forward, 'exit')).toEqual([0, null]);
    },
  );

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
    'ends with a proxy that gets %s while it hangs',
    async (signal) => {
      tool();
      const proxy = begin([...vmssh, 'proxy', 'via/silent/vsock/3', '22'], { env });
      const end = outcome(proxy);
      await expect.poll(hop, { timeout: 10_000 }).toBeGreaterThan(0);
      const pid = hop();
      proxy.kill(signal);
      expect(await end).toMatchObject({ code: null, signal });
      await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
    },
  );

  it('is given up when ssh closes the proxy while it hangs', async () => {
    tool();
    const proxy = begin([...vmssh, 'proxy', 'via/silent/vsock/3', '22'], { env });
    const end = outcome(proxy);
    await expect.poll(hop, { timeout: 10_000 }).toBeGreaterThan(0);
    proxy.stdin.end();
    expect(await end).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('silent') });
    await expect.poll(() => isAlive(hop()), { timeout: 10_000 }).toBe(false);
  });

  it('asks for a passphrase at the terminal, as ssh does', async () => {
    tool();
    const key = join(dir, 'locked');
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'open sesame', '-f', key]);
    writeFileSync(join(dir, 'authorized'), readFileSync(`${key}.pub`), { flag: 'a' });
    bed.configure(`Host hv1\n    IdentityFile ${key}\n    IdentitiesOnly yes\n`);
    const { SSH_AUTH_SOCK: _, DISPLAY: __, ...rest } = env;
    writeFileSync(
      join(dir, 'hv_config'),
      readFileSync(join(dir, 'hv_config'), 'utf8').replace(/IdentityFile \S+id\n/, ''),
      { mode: 0o600 },
    );
    expect(
      await onTerminal([...vmssh, 'nc', '--banner', target()], /passphrase for key/, 'open sesame', rest),
    ).toMatchObject(printing(0, /SSH-2\.0-OpenSSH/));
    bed.configure('');
  });

  it("uses the user's ControlMaster", async () => {
    bed.configure(`Host hv1\n    ControlMaster auto\n    ControlPath ${dir}/cm-%C\n    ControlPersist 60\n`);
    for (const _ of [1, 2]) {
      tool();
      // The master keeps stderr open.
      await ends(0, run([...vmssh, 'nc', '--banner', target()], { env, stdio: ['pipe', 'pipe', 'ignore'] }));
    }
    const control = (what: string) => run(['ssh', '-F', join(dir, 'hv_config'), '-O', what, 'hv1']);
    expect(await control('check')).toMatchObject(saying(0, 'Master running'));
    await control('exit');
    bed.configure('');
  });
});
