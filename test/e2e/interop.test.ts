import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { missingAddon } from '../helpers/addon.js';
import { printing, saying } from '../helpers/expected.js';
import { lacks } from '../helpers/programs.js';
import { dist, run, vmssh } from '../helpers/run.js';
import { useSshd } from '../helpers/sockets/peers.js';
import { useTempDir } from '../helpers/temp-dir.js';

const modes = missingAddon() === undefined ? (['fdpass', 'relay'] as const) : (['relay'] as const);
const listed = {
  version: 1,
  machines: [
    { name: 'Mint', target: 'hyper-v/Mint', status: 'running', uuid: '86e0c1e9-782c-47e0-b7c2-99f8167f5178' },
  ],
  warnings: [],
};

describe.skipIf(lacks('ssh', 'sshd'))('inside WSL2, with a stand-in for vmssh.exe on PATH', () => {
  const dir = useTempDir();
  const sshd = useSshd(dir);
  const calls = () => readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n');
  const here = (...args: readonly string[]) => [...vmssh, ...args].map((word) => `'${word}'`).join(' ');
  const script = `#!/bin/sh
echo "$*" >> '${dir}/calls'
case $1 in
  list) echo '${JSON.stringify(listed)}' ;;
  check) exec ${here('check', '--json', `unix${sshd.path}`)} ;;
  nc) exec ${here('nc', '--banner', `unix${sshd.path}`)} ;;
  *) exec ${here('proxy', `unix${sshd.path}`, '22')} ;;
esac
`;
  writeFileSync(join(dir, 'vmssh.exe'), script, { mode: 0o755 });
  const env = { ...process.env, PATH: `${process.env.PATH}:${dir}`, WSL_DISTRO_NAME: 'Test' };
  beforeEach(() => rmSync(join(dir, 'calls'), { force: true }));
  /** With a script in place of that vmssh.exe. */
  const answering = (name: string, script: string) => {
    writeFileSync(join(dir, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { ...env, VMSSH_WINDOWS: join(dir, name) };
  };

  it.each(modes)('ssh logs in to a Hyper-V machine through it, by %s', async (mode) => {
    const ssh = [
      ...[...sshd.ssh(mode), '-o', 'LogLevel=ERROR', '-o', `UserKnownHostsFile=${join(dir, 'known_hosts')}`],
    ];
    const login = [...ssh, 'hyper-v/Mint', 'cat; exit 7'];
    expect(await run(login, { env, input: 'hello' })).toMatchObject({ code: 7, stdout: 'hello', stderr: '' });
    expect(calls()).toEqual(['proxy -- hyper-v/Mint 22']);
  });

  it('vmssh ssh finds a machine of Windows by its name, and keeps its host key by that name', async () => {
    const home = { HOME: dir, VMSSH_SSH: '' };
    const command = [
      ...[...vmssh, 'ssh', '-F', sshd.config('relay'), '-o', 'LogLevel=ERROR', 'Mint', 'cat; exit 7'],
    ];
    const { code, stdout, stderr } = await run(command, { env: { ...env, ...home }, input: 'hello' });
    const first = expect.stringMatching(/^vmssh: nobody on this host can confirm the host key of Mint\n$/);
    expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: 'hello', stderr: first });
    expect(calls()).toEqual(['list --json --provider=hyper-v', 'proxy -- hyper-v/Mint 22']);
    // The next login takes over the key that ssh has kept.
    expect(await run(command, { env: { ...env, ...home } })).toMatchObject({ code: 7, stderr: '' });
    const known = readFileSync(join(dir, '.ssh/vmssh_known_hosts'), 'utf8');
    // Only vmssh.exe has asked for its id.
    expect(known).toMatch(/^vmssh-hyper-v%mint=\w+ ssh-/);
  });

  it('vmssh nc and vsock-nc -t pass what they were asked for', async () => {
    const target = '86e0c1e9-782c-47e0-b7c2-99f8167f5178';
    const options = ['-t', 'vsock,ip', '--timeout=20', '--wait=3', '--banner'];
    const { stdout } = await run([...vmssh, 'nc', ...options, target, '2222'], { env });
    expect(stdout).toMatch(/^SSH-2\.0-/);
    const flags = '--banner --timeout=20 --wait=3 --route=vsock,vsock-mux,hyper-v,ip';
    // An id may be that of a machine of this Linux, too.
    expect(calls()).toEqual(['list --json --provider=hyper-v', `nc ${flags} -- hyper-v/Mint 2222`]);
  });

  it('tells Windows how vmssh is called here, for hints that can be pasted', async () => {
    const says = answering('says', 'echo "$VMSSH_CALLED_AS ($WSLENV)"');
    const more = { ...says, WSLENV: 'USERPROFILE/p' };
    const { stdout } = await run([...vmssh, 'nc', 'hyper-v/Mint'], { env: more });
    expect(stdout).toMatch(/vmssh.* \(USERPROFILE\/p:VMSSH_CALLED_AS\/w:VMSSH_MARK\/w\)\n$/);
  });

  it('vmssh list shows the machines of Windows, too', async () => {
    const { code, stdout } = await run([...vmssh, 'list', '--provider=hyper-v'], { env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'running\tMint\thyper-v/Mint\thyper-v\n' });
    expect(calls()).toEqual(['list --json --provider=hyper-v']);
  });

  it('vmssh check goes through Windows, and shows what was found there', async () => {
    const options = ['--json', '--wait=3', '-p', '2222', '-l', 'me', '--until=authentication'];
    const { code, stdout } = await run([...vmssh, 'check', ...options, 'hyper-v/Mint'], { env });
    expect(code).toBe(0);
    const [result] = JSON.parse(stdout).results;
    expect(result).toMatchObject({ target: 'hyper-v/Mint', ok: true });
    expect(result.stages.map(({ stage }: { stage: string }) => stage)).toEqual([
      ...['parsed', 'resolved', 'connected', 'banner', 'host key', 'authentication'],
    ]);
    const flags = '--until=authentication --port=2222 --user=me --wait=3';
    expect(calls()).toEqual([`check --json ${flags} -- hyper-v/Mint`]);
  });

  it('vmssh check reports the failure of Windows as its own, with its exit code', async () => {
    const error = { op: 'resolve', code: 'NOT_FOUND', problem: 'no such machine', hint: 'do this' };
    const result = { results: [{ target: 'hyper-v/x', ok: false, exitCode: 4, stages: [], error }] };
    const failed = answering('answers', `echo '${JSON.stringify(result)}'\nexit 4`);
    expect(await run([...vmssh, 'check', 'hyper-v/x'], { env: failed })).toMatchObject(
      printing(4, /^✗ hyper-v\/x: no such machine\n +hint: do this\n/),
    );
  });

  it('vmssh check takes no step from there that it does not know', async () => {
    const error = { op: 'constructor', code: 'NOT_FOUND', problem: 'no such machine' };
    const odd = answering('odd-answers', `echo '${JSON.stringify([{ stages: [], error }])}'`);
    expect(await run([...vmssh, 'check', 'hyper-v/x'], { env: odd })).toMatchObject(
      printing(1, 'instead of its result'),
    );
  });

  it('vmssh check --until=resolved asks there, and has the endpoint', async () => {
    const endpoint = { family: 'hyper-v', vmId: 'a', serviceId: 'b' };
    const results = [{ target: 'x', ok: true, exitCode: 0, stages: [], endpoint, steps: ['one'] }];
    const called = join(dir, 'resolves.called');
    const there = answering('resolves', `echo "$*" >'${called}'\necho '${JSON.stringify({ results })}'`);
    const args = ['--until=resolved', '--json', '-p', '2222', 'hyper-v/Mint'];
    const { stdout } = await run([...vmssh, 'check', ...args], { env: there });
    expect(JSON.parse(stdout).results).toMatchObject([
      { address: 'hvsock:a:b', endpoint, steps: ['one'], parsed: { kind: 'hyper-v', name: 'Mint' } },
    ]);
    expect(readFileSync(called, 'utf8')).toBe('check --json --until=resolved --port=2222 -- hyper-v/Mint\n');
  });

  it.each([
    { command: ['check', 'hyper-v/Mint'] },
    { command: ['nc', '--banner', 'hyper-v/Mint'] },
    { command: ['proxy', 'hyper-v/Mint', '22'] },
    { command: ['check', '--until=resolved', 'hyper-v/Mint'] },
  ])('$command says so if it cannot be started', async ({ command }) => {
    const gone = { ...env, VMSSH_WINDOWS: join(dir, 'gone.exe') };
    const { code, stdout, stderr } = await run([...vmssh, ...command], { env: gone });
    expect(code).toBe(1);
    expect(stdout + stderr).toContain('gone.exe" of Windows could not be started: ');
    expect(stdout + stderr).toContain('hint: set VMSSH_WINDOWS to its path');
  });

  it('the library says what to do instead', async () => {
    const script = `import { connect } from ${JSON.stringify(dist('index.mjs'))};
await connect('hyper-v/Mint').catch(({ code, problem, hint }) => console.log([code, problem, hint].join('\\n')));`;
    const command = [process.execPath, '--input-type=module', '--eval', script];
    const { stdout } = await run(command, { env });
    expect(stdout.split('\n')).toEqual([
      'UNSUPPORTED',
      'inside WSL2 the vmssh command reaches Hyper-V machines, and the library does not',
      `start "${dir}/vmssh.exe" nc --pipe TARGET PORT: its stdin and stdout are the connection`,
      '',
    ]);
  });

  it('VMSSH_WINDOWS names another one, and what is wrong with it is reported', async () => {
    const broken = { env: answering('broken', 'echo no json') };
    const list = await run([...vmssh, 'list', '--provider=hyper-v'], broken);
    expect(list).toMatchObject(saying(1, 'vmssh.exe printed "no json'));
    const check = await run([...vmssh, 'check', 'hyper-v/Mint'], broken);
    expect(check).toMatchObject(printing(1, 'printed "no json'));
  });

  it('says how to reach it if vmssh.exe is missing', async () => {
    const options = { env: { ...env, PATH: process.env.PATH }, keepOpen: true } as const;
    const hint = 'hint: put vmssh.exe into a folder of the PATH of Windows';
    expect(await run([...vmssh, 'proxy', 'hyper-v/Mint', '22'], options)).toMatchObject(saying(1, hint));
  });
});

describe('outside of Windows and WSL2', () => {
  it('hyper-v/NAME says where it would work', async () => {
    const { WSL_DISTRO_NAME: _, WSL_INTEROP: __, ...env } = process.env;
    const { code, stderr } = await run([...vmssh, 'proxy', 'hyper-v/Mint', '22'], { env, keepOpen: true });
    expect(code).toBe(1);
    expect(stderr).toBe(
      'vmssh: cannot find "hyper-v/Mint": hyper-v targets are not reached from linux\nhint: they are reached from Windows and from inside WSL2\n',
    );
  });
});
