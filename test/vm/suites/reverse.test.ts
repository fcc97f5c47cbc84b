import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { forwarding } from '../../e2e/forward/forwarding.js';
import { run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { blocksOf } from '../../markdown.js';
import { bootGuest, type Guest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

// By vsock_loopback the guest is both: the host that listens, and the machine that connects, whose CID is 1.
describeGuests('forward --reverse by the kernel’s vsock', () => {
  let guest: Guest;
  const sh = async (line: string) => {
    const { stdout, stderr, code } = await guest.run(line, { timeout: 200, allowFailure: true });
    return { stdout, stderr, code };
  };

  beforeAll(async () => {
    guest = await bootGuest({ suite: 'trixie', cid: 87, share: root });
    await guest.run(`set -e
      mkdir -p /host && mount -t virtiofs host /host && modprobe vsock_loopback
      printf '#!/bin/sh\\nexec node /host/dist/vmssh.js "$@"\\n' >/usr/local/bin/vmssh && chmod +x /usr/local/bin/vmssh
      ssh-agent -a /run/host.sock >/dev/null
      ssh-keygen -q -t ed25519 -N '' -C of-the-host -f /root/agent-key
      SSH_AUTH_SOCK=/run/host.sock ssh-add -q /root/agent-key`);
  });
  afterAll(() => guest?.stop());

  /** Listens for a target, and connects to it as the line that it prints says, but to CID 1. */
  const reversed = async (target: string, port: number) => {
    const line = `systemd-run -q --collect --unit=reverse-${port} --property=StandardError=file:/run/${port}.log --property=StandardOutput=file:/run/${port}.out vmssh forward --reverse ${target} ${port} /run/host.sock
      until grep -q socat /run/${port}.log; do sleep 0.2; done
      systemd-run -q --collect --unit=socat-${port} socat UNIX-LISTEN:/run/${port}.sock,fork,mode=600,unlink-early VSOCK-CONNECT:1:${port}
      until [ -S /run/${port}.sock ]; do sleep 0.2; done`;
    await guest.run(line, { timeout: 200 });
  };

  test('gives a machine the ssh-agent of the host', async () => {
    await reversed('vsock/1', 6000);
    expect(await sh('cat /run/6000.out')).toMatchObject({
      stdout: '✓ vsock port 6000 of this host, only for vsock/1 → /run/host.sock   Ctrl-C stops it\n',
    });
    expect(await sh('SSH_AUTH_SOCK=/run/6000.sock ssh-add -l')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('of-the-host (ED25519)'),
    });
  });

  test('turns another machine away, and says so once', async () => {
    await reversed('vsock/50', 6001);
    for (const _ of 'two')
      expect(await sh('SSH_AUTH_SOCK=/run/6001.sock ssh-add -l')).toMatchObject({ code: 1, stdout: '' });
    const { stdout } = await sh('grep -c "turned away: a program of this host (CID 1)" /run/6001.log');
    expect(stdout).toBe('1\n');
  });

  test('says that another machine has the port', async () => {
    const { code, stderr } = await sh('vmssh forward --reverse vsock/60 6000 /run/host.sock');
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot listen on vsock port 6000: another program listens there'),
    });
  });
});

// Here this machine is the host, and the device of its guest the multiplexer, which looks for the socket PATH_5000.
describeGuests('forward --reverse by a multiplexer', () => {
  const dir = useTempDir();
  let guest: Guest;
  const sh = (line: string) => guest.run(line, { timeout: 200, allowFailure: true });

  /** An ssh-agent of this machine with a key; the key's public line. */
  async function agent(): Promise<{ readonly path: string; readonly key: string }> {
    const [path, key] = [join(dir, 'agent.sock'), join(dir, 'key')];
    const running = spawn('ssh-agent', ['-D', '-a', path], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void running.kill());
    await once(running.stdout, 'data');
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'of-the-host', '-f', key]);
    const env = { ...process.env, SSH_AUTH_SOCK: path };
    expect(await run(['ssh-add', '-q', key], { env })).toMatchObject({ code: 0 });
    return { path, key: readFileSync(`${key}.pub`, 'utf8') };
  }

  beforeAll(async () => {
    guest = await bootGuest({ suite: 'trixie', cid: 88 });
  });
  afterAll(() => guest?.stop());

  test('has git in the machine use the keys of this host, by the unit of docs/forward.md', async () => {
    const { path, key } = await agent();
    const unit = blocksOf('forward.md', 'The other direction', 'ini')[0] ?? '';
    // A user without a key, and a server that takes only the one of the agent.
    await guest.run(
      `set -e
      useradd -m -s /bin/bash server && useradd -m -s /bin/bash ann
      install -d -o server /home/server/.ssh && cat >/home/server/.ssh/authorized_keys
      su server -c 'git init -q --bare -b main /home/server/repo.git && git init -q -b main /tmp/work && cd /tmp/work &&
        git -c user.name=a -c user.email=a@b commit -q --allow-empty -m "by the server" && git push -q /home/server/repo.git main'
      install -d -o ann /home/ann/.config /home/ann/.config/systemd /home/ann/.config/systemd/user
      printf %s ${JSON.stringify(Buffer.from(unit).toString('base64'))} | base64 -d >/home/ann/.config/systemd/user/host-agent.service
      su ann -c 'git init -q -b main /home/ann/site && git -C /home/ann/site remote add origin server@127.0.0.1:repo.git'
      loginctl enable-linger ann
      until [ -S /run/user/$(id -u ann)/systemd/private ]; do sleep 0.2; done
      su ann -c 'export XDG_RUNTIME_DIR=/run/user/$(id -u) && systemctl --user enable --now host-agent.service'
      until [ -S /run/user/$(id -u ann)/agent.sock ]; do sleep 0.2; done`,
      { input: key, timeout: 200 },
    );
    const { child } = await forwarding(['--reverse', `vsock-mux${guest.muxPath}`, '5000', path]);
    const fetch = () =>
      sh(`su ann -c 'cd ~/site && export SSH_AUTH_SOCK=/run/user/$(id -u)/agent.sock &&
        export GIT_SSH_COMMAND="ssh -o BatchMode=yes -o LogLevel=ERROR -o StrictHostKeyChecking=accept-new" &&
        git fetch -q origin && git log -1 --format=%s origin/main'`);
    expect(await fetch()).toMatchObject({ code: 0, stdout: 'by the server\n' });
    // The key stays here.
    child.kill('SIGTERM');
    await once(child, 'exit');
    const without = await fetch();
    expect(without.code).not.toBe(0);
    expect(without.stderr).toContain('Permission denied (publickey');
  });
});
