import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { abilitiesOf } from '../../../src/process/ssh-program.js';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import { missingAddon } from '../../helpers/addon.js';
import { ended, printing, saying } from '../../helpers/expected.js';
import { findProgram, missingPrograms } from '../../helpers/programs.js';
import { executable, run, vmssh, vmsshWords } from '../../helpers/run.js';
import { useMachined } from '../../helpers/sockets/peers.js';
import { listening } from '../../helpers/sockets/servers.js';
import { script } from '../../helpers/temp-dir.js';
import { installWithoutAddon } from '../proxy/without-addon.js';
import { giveVmssh, needed, python, useHypervisors } from './hypervisors.js';

const shells = ['bash', 'dash', 'ksh', 'zsh', 'tcsh', 'fish'].filter(
  (name) => findProgram(name) !== undefined,
);
const tools = { socat: 'socat', ncat: 'ncat', python3: 'python3' };

describe.skipIf(missingAddon() ?? missingPrograms({ ...needed, ...tools }))('via/HOST/TARGET', () => {
  const path = (name: string) => findProgram(name) ?? name;
  const machines: JsonObject[] = [];
  const bed = useHypervisors({
    'by-socat': { programs: { socat: path('socat') } },
    'by-ncat': { programs: { ncat: path('ncat') } },
    'by-python3': { programs: { python3: python() } },
    'by-vmssh': { env: useMachined(machines).env },
    bare: {},
    first: {},
    noisy: { programs: { socat: path('socat') } },
    closed: { shell: '/bin/false' },
    ...Object.fromEntries(
      shells.map((name) => [`in-${name}`, { programs: { socat: path('socat') }, shell: path(name) }]),
    ),
  });
  const { dir, env } = bed;
  machines.push({ name: 'web', class: 'vm', sshAddress: `unix${bed.guest.path.replaceAll('/', '%')}` });
  const ours = (...args: string[]) => run([...vmssh, ...args], { env });
  const machine = (host: string) => `via/${host}/unix${bed.guest.path}`;

  beforeAll(() => {
    giveVmssh(bed, bed.hosts['by-vmssh']?.home);
    writeFileSync(
      join(bed.hosts.noisy?.home ?? '', '.bashrc'),
      'echo "Welcome to noisy"; printf "no line end"\n',
    );
    script(join(bed.hosts.first?.bin ?? '', 'ssh'), `exec ${path('ssh')} -F ${dir}/hv_config "$@"`);
  });

  describe.each(['by-vmssh', 'by-python3', 'by-ncat', 'by-socat'])('%s', (host) => {
    it('says with -v which tool made the last step', async () => {
      const { code, stdout, stderr } = await ours('nc', '--banner', '-v', machine(host));
      expect({ code, stdout }).toEqual(printing(0, /^SSH-2\.0-OpenSSH/));
      expect(stderr).toContain(` is open, by ${host.slice(3)} on ${host}\n`);
    });

    it.each(['fdpass', 'relay'] as const)(
      'logs in by %s, and carries bytes whole both ways',
      async (mode) => {
        const file = join(dir, `sent-${host}-${mode}`);
        const bytes = randomBytes(3_000_001);
        writeFileSync(file, bytes);
        const typed = machine(host).replaceAll('/', '%');
        const copy = (...operands: string[]) =>
          run(['scp', '-q', '-F', bed.guest.config(mode), ...operands], { env });
        expect(await copy(file, `${typed}:${file}.there`)).toMatchObject({ code: 0, stderr: '' });
        expect(await copy(`${typed}:${file}.there`, `${file}.back`)).toMatchObject({ code: 0, stderr: '' });
        expect(sum(readFileSync(`${file}.back`))).toBe(sum(bytes));
      },
    );

    it('passes on why there is no connection', async () => {
      expect(await ours('nc', '--banner', `via/${host}/unix${dir}/nothing.sock`)).toMatchObject(
        ended(
          1,
          '',
          `vmssh: cannot connect to "via/${host}/unix${dir}/nothing.sock": on ${host}, no socket at ${dir}/nothing.sock (ENOENT)\n` +
            `hint: on ${host}: check that the machine is running and exports it: ls -l ${dir}/nothing.sock\n`,
        ),
      );
    });

    it('asks a multiplexer for the port', async () => {
      const mux = join(dir, `mux-${host}`);
      const asked = await multiplexer(mux);
      const answer = await ours('nc', '--pipe', `via/${host}/vsock-mux${mux}`, '5000');
      expect(answer).toMatchObject({ code: 0, stdout: 'hello from 5000', stderr: '' });
      const refused = await ours('nc', '--pipe', '--timeout=6', `via/${host}/vsock-mux${mux}`, '5001');
      expect(refused).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          host === 'by-socat' || host === 'by-ncat'
            ? /on by-\S+, the multiplexer at .* did not answer/
            : /on by-\S+, the multiplexer closed the connection: nothing listens on vsock port 5001/,
        ),
      });
      expect(asked).toEqual(['CONNECT 5000\n', 'CONNECT 5001\n']);
    });
  });

  it.skipIf(executable !== undefined)('needs no addon, and then relays', async () => {
    mkdirSync(join(dir, 'without'));
    const program = installWithoutAddon(join(dir, 'without'));
    const named = `via/by-python3/unix${bed.guest.path}`;
    const { code, stderr } = await run([...program, 'nc', '--banner', '-v', named], { env });
    expect({ code, stderr }).toEqual(saying(0, / is open \(without the addon\), by python3 on by-python3\n/));
    const proxy = `ProxyCommand=${[...program, 'proxy', named].join(' ')} 22`;
    const keys = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
    const options = [proxy, 'ProxyUseFdpass=no', ...keys].flatMap((each) => ['-o', each]);
    const ssh = ['ssh', '-F', bed.guest.config('relay'), ...options];
    const bytes = randomBytes(3_000_001);
    const file = join(dir, 'sent-without');
    writeFileSync(file, bytes);
    const there = await run(['sh', '-c', 'exec "$@" <"$0"', file, ...ssh, 'over', 'sha256sum'], { env });
    expect(there).toMatchObject({ code: 0, stderr: '', stdout: `${sum(bytes)}  -\n` });
  });

  it('goes over two hypervisors, with the ssh of the first', async () => {
    const typed = `via/first/${machine('by-python3')}`;
    expect(await ours('nc', '--banner', '-v', typed)).toMatchObject(saying(0, ', by python3 on by-python3'));
    expect(await ours('nc', '--banner', `via/first/via/nobody/unix${bed.guest.path}`)).toMatchObject(
      saying(1, 'ssh to first failed'),
    );
  });

  it('reads "%" in a path as "/" where no such file exists there', async () => {
    const typed = `via%by-python3%unix${bed.guest.path.replaceAll('/', '%')}`;
    expect(await ours('nc', '--banner', typed)).toMatchObject({ code: 0, stderr: '' });
  });

  it('finds a machine by its name, if vmssh is there', async () => {
    for (const name of ['WEB', 'machine/web'])
      expect(await ours('nc', '--banner', `via/by-vmssh/${name}`)).toMatchObject(printing(0, /^SSH-2/));
    expect(await ours('nc', '--banner', 'via/by-vmssh/nobody')).toMatchObject(
      saying(4, 'cannot find "via/by-vmssh/nobody": on by-vmssh, no machine is called nobody'),
    );
    expect(await ours('nc', '--banner', 'via/by-socat/web')).toMatchObject(
      saying(1, 'by-socat has no vmssh to find this machine with (HOP_NO_VMSSH)'),
    );
  });

  it('takes --via for it, in each command that takes a target', async () => {
    const there = ['--via', 'by-python3', `unix${bed.guest.path}`];
    expect(await ours('nc', '--banner', ...there)).toMatchObject({ code: 0, stderr: '' });
    const proxy = `ProxyCommand=${vmsshWords} proxy ${there.join(' ')} 22`;
    // Not the known_hosts of whoever runs the tests.
    const unknown = ['-oStrictHostKeyChecking=no', '-oUserKnownHostsFile=/dev/null'];
    const login = ['-F', bed.guest.config('relay'), ...unknown, '-o', proxy];
    expect(await run(['ssh', ...login, 'any', 'echo hello'], { env })).toMatchObject({ stdout: 'hello\n' });
    expect((await ours('check', '--until=resolved', ...there)).stdout).toContain(
      'ssh to by-python3, and unix/',
    );
    expect((await ours('check', '--until=authentication', ...there)).stdout).toContain(
      'by python3 on by-python3',
    );
    expect((await ours('ssh', '--print-command', ...there)).stdout).toContain(
      ` via/by-python3/unix${bed.guest.path}`,
    );
    const config = ['-F', bed.guest.config('fdpass')];
    expect(
      await ours('ssh', '--via=by-python3', ...config, `unix${bed.guest.path}`, 'echo hello'),
    ).toMatchObject(
      ended(0, 'hello\n', expect.stringMatching(/^vmssh: nobody on this host can confirm .*\n$/)),
    );
    const from = `unix${bed.guest.path}:${dir}/authorized`;
    expect(await ours('scp', '-q', '--via', 'by-python3', ...config, from, `${dir}/fetched`)).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(readFileSync(join(dir, 'fetched'), 'utf8')).toContain('ssh-ed25519');
    expect(await ours('check', '--via', 'a', '--via', 'b', 'mint')).toMatchObject(
      saying(2, 'hint: for a chain: --via a via/b/TARGET'),
    );
    expect(await ours('check', '--via', '-oProxyCommand=x', 'mint')).toMatchObject({ code: 2 });
  });

  describe('by ssh -W where there is no tool', () => {
    // By the real one where it can: VMSSH_TEST_SSH names another than the ssh in PATH, such as that of Debian 13.
    const real = process.env.VMSSH_TEST_SSH ?? path('ssh');
    const canForward = abilitiesOf(spawnSync(real, ['-V'], { encoding: 'utf8' }).stderr).forwardsPaths;
    const newer = (...args: string[]) =>
      run([...vmssh, ...args], { env: { ...env, VMSSH_SSH: join(dir, 'newer-ssh') } });
    beforeAll(() => {
      const standIn = `[ "$1" != -V ] || { echo OpenSSH_9.4p1 >&2; exit; }
for word; do if [ "$last" = -W ]; then exec socat - "UNIX-CONNECT:$word"; fi; last=$word; done
exec ${join(dir, 'ssh')} "$@"`;
      script(join(dir, 'newer-ssh'), canForward ? `exec ${real} -F ${dir}/hv_config "$@"` : standIn);
    });

    it('reaches a unix socket', async () => {
      const { code, stdout, stderr } = await newer('nc', '--banner', '-v', machine('bare'));
      expect({ code, stdout }).toEqual(printing(0, /^SSH-2\.0-OpenSSH/));
      expect(stderr).toContain(' is open, by ssh -W to bare\n');
      const typed = `via%bare%unix${bed.guest.path.replaceAll('/', '%')}`;
      const config = bed.guest.config('fdpass');
      expect(await newer('ssh', '-F', config, typed, 'echo hello')).toMatchObject({ stdout: 'hello\n' });
    });

    it('asks a multiplexer for the port', async () => {
      const mux = join(dir, 'mux-by-stream');
      await multiplexer(mux);
      expect(await newer('nc', '--pipe', `via/bare/vsock-mux${mux}`, '5000')).toMatchObject(
        ended(0, 'hello from 5000', ''),
      );
      expect(await newer('nc', '--pipe', `via/bare/vsock-mux${mux}`, '5001')).toMatchObject(
        saying(1, 'on bare, the multiplexer closed the connection'),
      );
    });

    it('says so if nobody listens', async () => {
      const stale = join(dir, 'stale.sock');
      spawnSync('python3', ['-c', `import socket; socket.socket(socket.AF_UNIX).bind("${stale}")`]);
      expect(await newer('nc', '--banner', `via/bare/unix${stale}`)).toMatchObject(
        saying(1, /ssh -W failed, with its own message above \(HOP_NO_STREAM\): exit code/),
      );
    });
  });

  it('says what to install where there is no tool, and ssh is older than 9.4', async () => {
    const older = join(dir, 'older-ssh');
    script(older, `[ "$1" != -V ] || { echo OpenSSH_9.2p1 >&2; exit; }\nexec ${join(dir, 'ssh')} "$@"`);
    const asked = run([...vmssh, 'nc', '--banner', machine('bare')], { env: { ...env, VMSSH_SSH: older } });
    expect(await asked).toMatchObject(
      saying(1, /bare has neither vmssh nor python3.*\nhint: install one of them there: .*python3\n$/),
    );
  });

  it('skips what the hypervisor prints on its own, and shows it with -v', async () => {
    const { code, stdout, stderr } = await ours('nc', '--banner', '-v', machine('noisy'));
    expect({ code, stdout }).toEqual(printing(0, /^SSH-2\.0/));
    expect(stderr).toContain('by socat on noisy; it printed before: "Welcome to noisy\\x0ano line end"');
  });

  it.each(shells)('runs there whatever the login shell is: %s', async (shell) => {
    expect(await ours('nc', '--banner', machine(`in-${shell}`))).toMatchObject({ code: 0, stderr: '' });
    expect(await ours('nc', '--banner', `via/in-${shell}/unix${dir}/it's !1 \\ "$x".sock`)).toMatchObject(
      saying(1, `no socket at ${dir}/it's !1 \\ "$x".sock (ENOENT)`),
    );
  });

  it('says so if the account there runs no commands', async () => {
    expect(await ours('nc', '--banner', machine('closed'))).toMatchObject(
      saying(1, 'closed does not run commands the way vmssh needs (HOP_NO_SHELL): exit code 1'),
    );
  });

  it('says so if ssh fails, and does not wait for that', async () => {
    bed.configure('', { down: 1 });
    expect(await ours('nc', '--banner', '--wait', machine('down'))).toMatchObject(
      saying(
        1,
        /Connection refused\r?\nvmssh: .*ssh to down failed, .*above \(HOP_FAILED\): exit code 255\n/,
      ),
    );
    bed.configure('');
  });

  it('gives up a hypervisor that does not answer', async () => {
    bed.configure('', { silent: await listening(createServer()) });
    const { code, stderr } = await ours('nc', '--banner', '--timeout=1', machine('silent'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/HOP_FAILED|HOP_SILENT/);
    bed.configure('');
  });

  it('says which ssh could not be run', async () => {
    expect(
      await run([...vmssh, 'nc', '--banner', machine('bare')], {
        env: { ...env, VMSSH_SSH: '/proc/none/ssh' },
      }),
    ).toMatchObject(saying(1, 'ssh could not be run (NO_SSH)'));
  });
});

/** Has a program at port 5000 only; what it is asked. */
async function multiplexer(path: string): Promise<readonly string[]> {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.once('data', (bytes) => {
      asked.push(String(bytes));
      if (String(bytes) === 'CONNECT 5000\n') socket.end('OK 1073741824\nhello from 5000');
      else socket.destroy();
    });
  });
  await listening(server, path);
  return asked;
}

function sum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
