import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sshCaller, sshWords } from '../../../src/entry/ssh-words.js';
import { ends } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { begin, isAlive, run, vmssh, vmsshWords } from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import { script, useTempDir } from '../../helpers/temp-dir.js';

const missing = lacks('ssh', 'sshd');
const patient = { timeout: 20_000 };

describe.skipIf(missing)(`a host of ssh_config by a target${missing ? `: ${missing}` : ''}`, () => {
  const dir = useTempDir();
  const control = join(dir, 'control');
  const sshd = useSshd(dir);

  // As if it had been reached over TCP before, where only 192.0.2.7 leads.
  function config(knownKey: string): string {
    writeFileSync(join(dir, 'known'), `192.0.2.7 ${knownKey}\n`);
    const path = join(dir, 'config');
    const lines = [
      ...['Host web', 'HostName 192.0.2.7', `User ${sshd.user}`, `IdentityFile ${join(dir, 'id')}`],
      ...['IdentitiesOnly yes', 'BatchMode yes', `UserKnownHostsFile ${join(dir, 'known')}`],
      ...['StrictHostKeyChecking yes', 'ControlMaster auto', `ControlPath ${control}`],
    ];
    writeFileSync(path, `${lines.join('\n    ')}\n`, { mode: 0o600 });
    return path;
  }
  const here = { self: vmssh, platform: 'linux', env: process.env } as const;
  const login = async (through: string, knownKey: string) => {
    const entry = {
      by: 'ssh',
      host: 'web',
      sshConfig: config(knownKey),
      through: { target: through, port: 22 },
    } as const;
    return run(sshWords(entry, await sshCaller(entry, here), { command: 'echo in' }));
  };
  const keyOf = (name: string) => readFileSync(join(dir, `${name}.pub`), 'utf8').trim();

  it('has its user, its key and its host key', async () => {
    expect(await login(`unix/${sshd.path}`, keyOf('host'))).toMatchObject({ code: 0, stdout: 'in\n' });
  });

  it('reads its script, whatever StdinNull says', async () => {
    const sshConfig = config(keyOf('host'));
    const through = { target: `unix/${sshd.path}`, port: undefined };
    const entry = { by: 'ssh', host: 'web', through, sshConfig } as const;
    const called = await sshCaller(entry, here);
    if (called.nullsStdin) appendFileSync(sshConfig, '    StdinNull yes\n');
    const words = sshWords(entry, called, { command: 'cat' });
    expect(await run(words, { input: 'script' })).toMatchObject({ code: 0, stdout: 'script' });
  });

  it('is refused by ssh if the target has another host key', async () => {
    const { code, stdout, stderr } = await login(`unix/${sshd.path}`, keyOf('id'));
    expect([code, stdout]).toEqual([255, '']);
    expect(stderr).toContain('Host key verification failed.');
  });

  it('is not reached over a connection that is open already', async () => {
    const master = ['ssh', '-F', config(keyOf('host')), '-MNf', '-o', `ControlPath=${control}`];
    const proxy = `ProxyCommand=${vmsshWords} proxy unix/${sshd.path} 22`;
    await ends(0, run([...master, '-o', proxy, 'web'], { stdio: ['ignore', 'ignore', 'ignore'] }));
    try {
      const over = await run(['ssh', '-F', join(dir, 'config'), 'web', 'echo in']);
      expect(over.stdout).toBe('in\n');
      expect(await login(`unix/${join(dir, 'nobody.sock')}`, keyOf('host'))).toMatchObject({ code: 255 });
    } finally {
      await run(['ssh', '-F', join(dir, 'config'), '-O', 'exit', 'web']);
    }
  });

  it('has its ssh ended with a vmssh that is killed, though the machine keeps it', async () => {
    const [kept, pid] = [join(dir, 'kept'), join(dir, 'pid')];
    script(
      kept,
      `case " $* " in *" -G "*|*" -V "*) exec ssh "$@";; esac; sleep 1; echo $$ > ${pid}; exec sleep 300`,
    );
    const checking = begin([...vmssh, 'guest', 'check', 'web'], { env: { ...process.env, VMSSH_SSH: kept } });
    await expect.poll(() => existsSync(pid) && readFileSync(pid, 'utf8').trim() !== '', patient).toBe(true);
    const ssh = Number(readFileSync(pid, 'utf8'));
    expect(isAlive(ssh)).toBe(true);
    checking.kill('SIGKILL');
    await expect.poll(() => isAlive(ssh), patient).toBe(false);
  });
});
