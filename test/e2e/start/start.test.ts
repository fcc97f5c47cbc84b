import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { failing, saying } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { outcome, run, until, vmssh, vmsshWords } from '../../helpers/run.js';
import { hypervisorHosts, startHypervisor } from '../../helpers/sshd.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { onTerminal } from '../../helpers/terminal.js';
import { makeStandIn, type StandIn } from './stand-in.js';

describe.skipIf(lacks('ssh', 'sshd'))('--start', () => {
  const dir = useTempDir();
  let manager: StandIn;
  beforeAll(async () => {
    manager = await makeStandIn(dir);
  });
  beforeEach(() => manager.reset());
  afterAll(() => manager.end());

  const program = (...args: readonly string[]) => run([...vmssh, ...args], { env: manager.env });
  const login = (...args: readonly string[]) =>
    program('ssh', ...args, ...manager.ssh, 'incus/mint', 'echo in');
  /** ssh with our proxy, which says on stderr what it does. */
  const proxied = (...options: readonly string[]) => {
    const proxy = [vmsshWords, 'proxy', '--fdpass', ...options, 'incus/mint', '%p'];
    const settings = ['-o', `ProxyCommand=${proxy.join(' ')}`, '-o', 'ProxyUseFdpass=yes'];
    return spawn('ssh', [...manager.ssh, ...settings, 'mint', 'echo in'], {
      env: manager.env,
      detached: true,
    });
  };

  it('starts a machine that is off, and logs in', async () => {
    expect(await login('--start')).toMatchObject({ code: 0, stdout: 'in\n', stderr: '' });
    expect(manager.started()).toEqual(['start --project=default local:mint']);
  });

  it('runs no command for a machine that is up', async () => {
    await login('--start');
    manager.started();
    expect(await login('--start')).toMatchObject({ code: 0, stdout: 'in\n' });
    expect(manager.started()).toEqual(['start --project=default local:mint']);
  });

  it('is the only thing that starts one: the message offers it', async () => {
    const { code, stderr } = await login();
    expect(code).toBe(255);
    expect(stderr).toMatch(/"mint" is off\nhint: .*vmssh.* ssh --start incus\/mint\n/);
    for (const args of [
      ['check', 'incus/mint'],
      ['nc', '--wait=0.3', 'incus/mint', '22'],
      ['ssh', '--wait=0.3', ...manager.ssh, 'incus/mint', 'true'],
      ['check', '--until=resolved', 'incus/mint'],
    ])
      expect((await program(...args)).code).not.toBe(0);
    expect(manager.started()).toEqual([]);
  });

  // They are passed a socket.
  it.skipIf(missingAddon())('starts it once for two ssh at once', async () => {
    manager.reset({ waits: true });
    const both = [proxied('--start', '-v'), proxied('--start', '-v')];
    const said = both.map(({ stderr }) => until(stderr, 'another vmssh starts it'));
    await Promise.race(said);
    manager.open();
    const ends = await Promise.all(both.map(outcome));
    expect(ends.map(({ code, stdout }) => ({ code, stdout }))).toEqual([
      { code: 0, stdout: 'in\n' },
      { code: 0, stdout: 'in\n' },
    ]);
    expect(manager.started()).toEqual(['start --project=default local:mint']);
  });

  it('says that an interrupted start goes on, and leaves the machine as it is', async () => {
    manager.reset({ waits: true });
    const child = proxied('--start', '-v');
    const end = outcome(child);
    await until(child.stderr, 'starting "mint"');
    // As a terminal sends it, to ssh and its proxy.
    process.kill(-(child.pid ?? 0), 'SIGINT');
    const { stderr } = await end;
    expect(stderr).toContain('interrupted: "mint" is left as it is, and "incus" may still be starting it');
    manager.open();
    await manager.isUp();
    expect(manager.started()).toEqual(['start --project=default local:mint']);
  });

  it.each([
    {
      name: 'with its own message',
      first: "printf '\\033[2Jmint: disk /x.qcow2: No such file or directory\\n' >&2; exit 3",
      says: /incus start --project=default local:mint ended with code 3: \\x1b\[2Jmint: disk \/x.qcow2: No such file or directory\nhint: something that it needs is missing/,
    },
    {
      name: 'without the right to',
      first: 'echo "error: Permission denied" >&2; exit 1',
      says: /ended with code 1: error: Permission denied\nhint: this user may not start it: .* sudo incus start --project=default local:mint\n/,
    },
    {
      name: 'after too much output',
      first: 'yes >&2',
      says: /printed more than 1 MiB of errors, and was ended/,
    },
    {
      name: 'that takes too long',
      args: ['--wait=0.5'],
      waits: true,
      says: /incus start --project=default local:mint did not end in time, and is still running\nhint: .*--wait=600/,
    },
  ])('shows a start that fails, $name', async ({ first, args = [], waits, says }) => {
    manager.reset({ first, waits });
    expect(
      await run([...vmssh, 'proxy', '--start', ...args, 'incus/mint', '22'], {
        env: manager.env,
        keepOpen: true,
      }),
    ).toMatchObject(failing(1, says));
    if (waits) {
      manager.open();
      await manager.isUp();
    }
  });

  it('says of a machine that is off again that it was started', async () => {
    manager.reset({ first: 'exit 0' });
    const proxy = [...vmssh, 'proxy', '--start', '--wait=3600', 'incus/mint', '22'];
    expect(await run(proxy, { env: manager.env, keepOpen: true })).toMatchObject(
      saying(
        1,
        /"mint" is off, although it was started: incus start --project=default local:mint\nhint: it ended; see why: incus info --show-log --project=default local:mint\n/,
      ),
    );
    expect(manager.started()).toEqual(['start --project=default local:mint']);
  });

  it('is in the Hosts of config install, until --no-start', async () => {
    const config = join(manager.env.HOME ?? '', '.ssh/vmssh.conf');
    const ssh = () => run(['ssh', ...manager.ssh, '-F', config, 'mint', 'echo in'], { env: manager.env });
    await program('config', 'install', '--start=mint');
    expect(await ssh()).toMatchObject({ code: 0, stdout: 'in\n' });
    expect(manager.started()).toEqual(['start --project=default local:mint']);
    manager.reset();
    await program('config', 'install', '--no-start');
    expect(await ssh()).toMatchObject({ code: 255, stderr: expect.stringContaining('"mint" is off') });
    expect(manager.started()).toEqual([]);
  });

  it.skipIf(lacks('script'))('of config install needs a terminal without names', async () => {
    const config = join(manager.env.HOME ?? '', '.ssh/vmssh.conf');
    const login = ['ssh', ...manager.ssh, '-F', config, 'mint', 'echo in'];
    await program('config', 'install', '--start');
    // As an application that is in a session of its own.
    const [ssh = '', ...args] = login;
    const { stderr } = await outcome(spawn(ssh, args, { env: manager.env, detached: true }));
    expect(stderr).toMatch(
      /hint: its Host starts it only where ssh has a terminal: .* ssh --start incus\/mint, or for any program .* config install --start=incus\/mint\n/,
    );
    expect(manager.started()).toEqual([]);
    expect(await onTerminal(login, /^$/, '', manager.env)).toMatchObject({ code: 0 });
    expect(manager.started()).toEqual(['start --project=default local:mint']);
  });

  it('is passed on to the vmssh of another hypervisor, which starts the machine there', async () => {
    const own = join(dir, 'vmssh');
    writeFileSync(own, `#!/bin/sh\nexec ${vmsshWords} "$@"\n`, { mode: 0o755 });
    const programs = { vmssh: own, incus: join(dir, 'bin/incus') };
    const hypervisor = await startHypervisor(dir, join(dir, 'hv1'), {
      ...{ programs, env: { INCUS_SOCKET: join(dir, 'incus.sock') } },
    });
    try {
      const config = join(dir, 'hosts');
      writeFileSync(config, hypervisorHosts(dir, { hv1: hypervisor.port }));
      const env = { ...manager.env, VMSSH_SSH: `ssh -F ${config}` };
      const connect = (...options: string[]) =>
        run([...vmssh, 'nc', '-b', ...options, 'via/hv1/incus/mint', '22'], { env });
      expect(await connect()).toMatchObject({ code: 4, stderr: expect.stringContaining('"mint" is off') });
      expect(manager.started()).toEqual([]);
      expect(await connect('--start')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^SSH-2\.0/) });
      expect(manager.started()).toEqual(['start --project=default local:mint']);
    } finally {
      await hypervisor.close();
    }
  });

  it('is a stage of a check', async () => {
    const { stdout } = await program('check', '--start', '--json', 'incus/mint');
    const { results } = JSON.parse(stdout);
    expect(results[0].stages.map(({ stage }: { stage: string }) => stage).slice(0, 5)).toEqual([
      ...['parsed', 'started', 'resolved', 'connected', 'banner'],
    ]);
    expect(results[0].stages[1].found).toBe('incus start --project=default local:mint');
  });

  it('does not wait for a machine that is up and has no SSH server', async () => {
    await login('--start');
    manager.end();
    expect(await program('nc', '--start', '-b', 'incus/mint')).toMatchObject(saying(1, 'cannot connect'));
  });
});
