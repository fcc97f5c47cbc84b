import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
      stdout: 'forwarding vsock port 6000 of this host, only for vsock/1 → /run/host.sock (Ctrl-C ends it)\n',
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
    const { stdout } = await sh('grep -c "turned away: CID 1 of another machine" /run/6001.log');
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
