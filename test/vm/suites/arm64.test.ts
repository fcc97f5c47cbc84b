import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dist, run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { compile } from '../../native/support/compile.js';
import { profiles } from '../../native/support/profiles.js';
import { bootArm64 } from '../bed/arm64.js';
import { describeGuests } from '../describe.js';

const executable = dist('linux-arm64/vmssh');
const here = [process.execPath, dist('vmssh.js')];
const missing = existsSync(executable)
  ? ''
  : ': skipped, as npm run build:exe -- --target linux-arm64 was not run';
const megabytes = 8;
const confined = missing
  ? undefined
  : compile('confined.cpp', undefined, ['-static'], 'aarch64-linux-gnu-g++');

/** What the run has seen, for test/packages/tried.md. */
const seen: string[] = [];

describeGuests(`a guest for arm64, and the executable for it${missing}`, () => {
  const dir = useTempDir();
  let guest: Awaited<ReturnType<typeof bootArm64>>;
  /** In the guest, where vmssh is on the PATH. */
  const inside = (command: string) => guest.run(command, { timeout: 200, allowFailure: true });
  /** A first login there, by what `config install` wrote. */
  const login = (target: string, command: string) =>
    inside(`ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new ${target} '${command}'`);

  beforeAll(async () => {
    if (missing) return;
    guest = await bootArm64(console.error);
    // There is no tar, which copyIn wants.
    await guest.run('cat >/usr/bin/vmssh && chmod 755 /usr/bin/vmssh', { input: readFileSync(executable) });
  });
  afterAll(async () => {
    await guest?.stop();
    if (process.env.VMSSH_WRITE_INSTALL) writeSeen();
  });

  it.skipIf(missing)('is reached from x64 by ssh vsock-mux', async () => {
    const proxy = [...here, 'proxy', '--fdpass', `vsock-mux${guest.muxPath}`, '22'].join(' ');
    const config = join(dir, 'config');
    writeFileSync(
      config,
      `Host *\n  ProxyUseFdpass yes\n  ProxyCommand ${proxy}\n  UserKnownHostsFile ${dir}/known\n`,
    );
    const options = [
      '-F',
      config,
      '-i',
      guest.identity,
      '-o',
      'BatchMode=yes',
      '-o',
      'StrictHostKeyChecking=accept-new',
    ];
    const result = await run(['ssh', ...options, 'root@guest', 'uname -srm'], { timeout: 100_000 });
    expect(result).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Linux \S+ aarch64\n$/) });
    seen.push(`\`ssh vsock-mux/…\` from x64 into it, whose \`uname\` says ${result.stdout.trim()}`);
  });

  it.skipIf(missing)('runs it, natively', async () => {
    const { stdout } = await inside('vmssh --version --json');
    expect(JSON.parse(stdout)).toMatchObject({
      platform: 'linux-arm64',
      engine: { name: 'QuickJS-ng' },
      features: expect.arrayContaining(['unix', 'vsock', 'fd-passing', 'native-relay']),
    });
    seen.push('`vmssh --version --json`');
  });

  it.skipIf(missing)('logs in by it, on a unix socket and on vsock', async () => {
    const installed = await inside('vmssh config install --no-fresh');
    expect(installed.code, installed.stderr).toBe(0);
    for (const target of ['unix/run/sshd.sock', 'vsock/1', 'vsock/42']) {
      expect(await login(target, 'uname -m')).toMatchObject({ code: 0, stdout: 'aarch64\n' });
      seen.push(`in it, \`ssh ${target}\` by its own ssh and vmssh, which passes the socket`);
    }
  });

  it.skipIf(missing)(
    'relays by it: all bytes come, and the engine is gone from a relay that lasts',
    async () => {
      const bytes = megabytes << 20;
      const proxy = "-o ProxyUseFdpass=no -o 'ProxyCommand=vmssh proxy vsock/1 22'";
      const send = `head -c ${bytes} /dev/urandom >/tmp/sent; sha256sum </tmp/sent`;
      const { stdout: sent } = await inside(send);
      const relayed = await inside(
        `ssh -o BatchMode=yes ${proxy} vsock/1 'cat >/tmp/came; sha256sum </tmp/came' </tmp/sent`,
      );
      expect(relayed).toMatchObject({ code: 0, stdout: sent });
      seen.push(`${megabytes} MB through \`vmssh proxy vsock/1 22\` as a relay`);
      // The server's side of it waits for the relay to have left the engine.
      const lasts =
        'until busybox grep -q "^vmssh: relay" /proc/[0-9]*/cmdline 2>/dev/null; do :; done; echo left';
      const held = await inside(`ssh -o BatchMode=yes ${proxy} vsock/1 '${lasts}'`);
      expect(held).toMatchObject({ code: 0, stdout: 'left\n' });
      seen.push('a relay that lasts goes on without the engine');
    },
  );

  // QEMU has no filters in the programs that it runs by itself: here it runs a kernel.
  it.skipIf(missing || !confined).each(profiles)('has the profile $profile', async ({ profile, allowed }) => {
    await guest.run('cat >/usr/bin/confined && chmod 755 /usr/bin/confined', {
      input: readFileSync(confined ?? ''),
    });
    const { code, stdout } = await inside(
      `mkdir /tmp/${profile} && cd /tmp/${profile} && confined ${profile}`,
    );
    expect({ code, allowed: stdout.split('\n').slice(0, -1) }).toEqual({ code: 0, allowed });
    for (const what of ['execve', 'threads'])
      expect(await inside(`cd /tmp/${profile} && confined ${profile} ${what}`)).toMatchObject({ code: 0 });
    seen.push(`the filter of system calls, profile ${profile}`);
  });

  it.skipIf(missing)('says what is wrong there', async () => {
    const refused = await inside('vmssh proxy vsock/1 99');
    expect(refused).toMatchObject({ code: expect.any(Number), stderr: expect.stringContaining('vsock/1') });
    expect(refused.code).not.toBe(0);
    const malformed = await inside('vmssh proxy vsock/3x 22');
    expect(malformed.stderr).toContain('vsock/3x');
    seen.push('errors: a port without a listener, a target that is none');
  });
});

function writeSeen(): void {
  const page = 'test/packages/tried.md';
  const text = readFileSync(page, 'utf8');
  const lines = seen.map((each) => `- ${each}\n`).join('');
  const [head = '', rest = ''] = text.split('<!-- arm64 -->\n');
  const [, tail = ''] = rest.split('<!-- /arm64 -->');
  writeFileSync(page, `${head}<!-- arm64 -->\n${lines}<!-- /arm64 -->${tail}`);
}
