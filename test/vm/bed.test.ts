import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { banner } from './bed/banner.js';
import { execute } from './bed/execute.js';
import { bootGuest, type Guest } from './bed/guest.js';
import { sshArguments } from './bed/ssh.js';
import { describeGuests } from './describe.js';
import { suites } from './images/suites.js';
import { installVsockUnits } from './inside/by-hand.js';
import { startContainer, stopContainer } from './inside/container.js';

const shared = fileURLToPath(new URL('./images', import.meta.url));

describeGuests('the bed', () => {
  // One whose sshd is on vsock by itself, and one that needs the units; product/ boots the others.
  describe.each(['trixie', 'bookworm'] as const)('%s', (suite) => {
    const { systemd, servesVsock } = suites[suite];
    let guest: Guest;
    const overVsock = () => banner({ path: guest.muxPath, muxPort: 22 });

    beforeAll(async () => {
      guest = await bootGuest({ suite, cid: 77, share: shared });
    });
    afterAll(async () => {
      await guest?.stop();
    });

    test(`is Linux with systemd ${systemd} and a node for the product`, async () => {
      const { stdout } = await guest.run(
        'uname -s; systemctl --version; systemd-detect-virt; node --version',
      );
      const [kernel, version, ...rest] = stdout.trim().split('\n');
      expect(kernel).toBe('Linux');
      expect(Number(version?.split(' ')[1])).toBeGreaterThanOrEqual(systemd);
      expect(rest.at(-2)).toBe('qemu');
      expect(Number(/^v(\d+)/.exec(rest.at(-1) ?? '')?.[1])).toBeGreaterThanOrEqual(20);
    });

    test('says which guest it is, in every session', async () => {
      expect((await guest.run('echo $VMSSH_GUEST')).stdout).toBe(`${suite}\n`);
      expect((await guest.run('ssh -o StrictHostKeyChecking=no localhost env')).stdout).toContain(
        `VMSSH_GUEST=${suite}`,
      );
    });

    test('has systemd-ssh-proxy if its systemd is new enough', async () => {
      const { code } = await guest.run('test -x /usr/lib/systemd/systemd-ssh-proxy', { allowFailure: true });
      expect(code === 0).toBe(systemd >= 256);
    });

    test('returns output, exit code and its input', async () => {
      const all = await guest.run('cat; echo text >&2; exit 3', { input: 'fed', allowFailure: true });
      expect(all).toEqual({ code: 3, stdout: 'fed', stderr: 'text\n' });
      await expect(guest.run('echo why >&2; exit 3')).rejects.toThrow(/exit 3\nwhy\n--- console/);
      await expect(guest.run('sleep 60', { timeout: 2 })).rejects.toThrow(/not done after 2 s/);
    });

    test('takes files and folders, and mounts the shared folder', async () => {
      await guest.copyIn({ '/opt/a folder': shared, '/opt/other name': `${shared}/suites.js` });
      await guest.run('mount -t virtiofs host /host');
      const { stdout } = await guest.run('cat "/opt/a folder/suites.js" "/opt/other name" /host/suites.js');
      expect(stdout).toBe(readFileSync(`${shared}/suites.js`, 'utf8').repeat(3));
    });

    test(
      servesVsock ? 'answers on vsock by itself' : 'answers on vsock once the units are installed',
      async () => {
        if (!servesVsock) {
          await expect(overVsock()).rejects.toThrow('closed without an SSH banner');
          await installVsockUnits(guest);
        }
        expect(await overVsock()).toMatch(/^SSH-2\.0-OpenSSH_/);
        await expect(banner({ path: guest.muxPath, muxPort: 23 })).rejects.toThrow(
          'closed without an SSH banner',
        );
        const { stdout } = await guest.run(
          'modprobe vsock_loopback && socat -t20 - VSOCK-CONNECT:77:22 </dev/null',
        );
        expect(stdout).toMatch(/^SSH-2\.0-OpenSSH_/);
      },
    );

    test('carries bulk over vsock whole, in both directions', async () => {
      const ssh = sshArguments({ ...guest, tcpPort: 0 });
      const bytes = randomBytes(8_000_000).toString('base64');
      await execute('ssh', [...ssh, 'cat >/tmp/bulk'], { input: bytes });
      const { stdout } = await execute('ssh', [...ssh, 'cat /tmp/bulk']);
      expect(stdout === bytes).toBe(true);
    });

    if (systemd >= 256) {
      test('boots a container that exports its sshd', async () => {
        await startContainer(guest, 'inner');
        expect((await guest.run('machinectl list --no-legend')).stdout).toMatch(
          /^inner\s+container\s+systemd-nspawn/,
        );
        const paths = '/run/systemd/nspawn/unix-export/inner/ssh /run/systemd/nspawn/inner/unix-export/ssh';
        const { stdout } = await guest.run(`socat -t20 - UNIX-CONNECT:$(ls ${paths} 2>/dev/null) </dev/null`);
        expect(stdout).toMatch(/^SSH-2\.0-OpenSSH_/);
        await stopContainer(guest, 'inner');
      });
    }

    test('is silent while paused, and continues afterwards', async () => {
      guest.pause();
      await expect(banner({ host: '127.0.0.1', port: guest.tcpPort }, 2)).rejects.toThrow('within 2 s');
      guest.resume();
      expect(await banner({ host: '127.0.0.1', port: guest.tcpPort }, 20)).toMatch(/^SSH-2\.0/);
      await expect.poll(overVsock, { timeout: 20_000 }).toMatch(/^SSH-2\.0-OpenSSH_/);
    });

    test('is gone at once when killed', async () => {
      expect(guest.running()).toBe(true);
      await guest.kill();
      expect(guest.running()).toBe(false);
      await expect(overVsock()).rejects.toThrow();
    });

    test('leaves nothing after stop', async () => {
      const { folder, pids } = guest;
      expect(Object.keys(pids).sort()).toEqual(['qemu', 'supervisor', 'vhost-device-vsock', 'virtiofsd']);
      await guest.stop();
      expect(existsSync(folder)).toBe(false);
      expect(Object.values(pids).filter(lives)).toEqual([]);
      await guest.stop();
    });
  });

  test('a test run that is killed leaves nothing', async () => {
    const script = `import { bootGuest } from ${JSON.stringify(new URL('./bed/guest.js', import.meta.url).href)};
      const { folder, pids } = await bootGuest({ suite: 'trixie', wait: false });
      console.log(JSON.stringify({ folder, pids }));
      setInterval(() => {}, 1000);`;
    const child = execFile(process.execPath, ['--input-type=module', '-e', script]);
    const line = await new Promise<string>((resolve) => child.stdout?.once('data', resolve));
    const { folder, pids } = JSON.parse(line) as { folder: string; pids: Record<string, number> };
    expect(Object.values(pids).every(lives)).toBe(true);
    child.kill('SIGKILL');
    await expect.poll(() => Object.values(pids).filter(lives), { timeout: 10_000 }).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  test('a guest that cannot boot is reported with its console, and ends', async () => {
    const failed = bootGuest({ suite: 'trixie', append: 'rdinit=/nowhere panic=-1', bootTimeout: 60 });
    await expect(failed).rejects.toThrow(/QEMU ended[\s\S]*console of trixie/);
  });
});

function lives(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
