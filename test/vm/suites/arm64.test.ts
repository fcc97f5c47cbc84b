import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dist, run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { askedCalls, parseAsked } from '../../native/support/asked.js';
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
const build = (source: string, compiler: string) =>
  missing ? undefined : compile(source, undefined, ['-static'], `aarch64-linux-gnu-${compiler}`);
const confined = build('confined.cpp', 'g++');
const asking = build('asking.c', 'gcc');

/** What the run has seen, for test/packages/tried.md. */
const seen: string[] = [];

describeGuests(`a guest for arm64, and the executable for it${missing}`, () => {
  const dir = useTempDir();
  let guest: Awaited<ReturnType<typeof bootArm64>>;
  /** In the guest, where vmssh is on the PATH. */
  const inside = (command: string) => guest.run(command, { timeout: 200, allowFailure: true });
  /** There is no tar, which copyIn wants. */
  const copy = (file: string, name: string) =>
    guest.run(`cat >/usr/bin/${name} && chmod 755 /usr/bin/${name}`, { input: readFileSync(file) });
  /** A first login there, by what `config install` wrote. */
  const login = (target: string, command: string) =>
    inside(`ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new ${target} '${command}'`);

  beforeAll(async () => {
    if (missing) return;
    guest = await bootArm64(console.error);
    await copy(executable, 'vmssh');
    if (confined) await copy(confined, 'confined');
    if (asking) await copy(asking, 'asking');
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
    const ask = (what = '') => inside(`cd "$(busybox mktemp -d)" && confined ${profile} ${what}`);
    const { code, stdout } = await ask();
    expect({ code, allowed: stdout.split('\n').slice(0, -1) }).toEqual({ code: 0, allowed });
    for (const what of ['execve', 'threads']) expect(await ask(what)).toMatchObject({ code: 0 });
    seen.push(`the filter of system calls, profile ${profile}`);
  });

  describe.skipIf(missing || !asking)('a command there that starts no program any more', () => {
    /** What it failed with, just before and just after it gave up its rights: as test/faults/confined.test.ts has it. */
    const refused = async (what: string, stays: readonly string[] = []) => {
      const { before, after } = parseAsked((await inside('cat /tmp/asked')).stdout);
      expect(before).toHaveLength(askedCalls);
      expect(before.join()).not.toContain('ENOSYS');
      expect(after.map((each) => each.split(' ')[0])).toEqual(stays);
      seen.push(`${before.length - stays.length} forbidden calls of \`vmssh ${what}\`, each refused`);
    };
    const ssh = 'ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null';

    it('nc --banner', async () => {
      const banner = await inside('asking /tmp/asked vmssh nc --banner unix/run/sshd.sock');
      expect(banner).toMatchObject({ code: 0, stdout: expect.stringMatching(/^SSH-2\.0-/) });
      await refused('nc --banner');
    });

    it('a relay that lasts, through which a login goes on', async () => {
      const proxy = '-F none -o "ProxyCommand=asking /tmp/asked vmssh proxy vsock/1 22"';
      const lasts = 'until [ -s /tmp/asked ]; do :; done; uname -m';
      expect(await inside(`rm -f /tmp/asked; ${ssh} ${proxy} guest '${lasts}'`)).toMatchObject({
        code: 0,
        stdout: 'aarch64\n',
      });
      await refused('proxy');
    });

    it.each(['127.0.0.1:2222', '/run/forward.sock'])('forward to vsock, at %s', async (local) => {
      const way = local.startsWith('/')
        ? `-o "ProxyCommand=socat - UNIX-CONNECT:${local}" guest`
        : '-p 2222 127.0.0.1';
      const forwarded = await inside(`busybox ip link set lo up; rm -f /tmp/asked
        asking /tmp/asked vmssh forward vsock/1 22 ${local} >/dev/null 2>&1 & forward=$!
        until [ -s /tmp/asked ]; do :; done
        ${ssh} -F none ${way} 'uname -m'; kill $forward; wait $forward`);
      expect(forwarded).toMatchObject({ code: 0, stdout: 'aarch64\n' });
      await refused(`forward vsock/1 22 ${local}`);
    });

    it.each([
      { reason: 'ORDER', stays: [] },
      // It notes whose key ssh is about to keep.
      { reason: 'HOSTNAME', stays: ['openat', 'openat', 'renameat', 'mkdirat'] },
    ])('host-key $reason', async ({ reason, stays }) => {
      const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f';
      const machine = { provider: 'qemu', name: 'web', target: 'qemu/web' };
      // As if the shell were ssh, and its proxy had left what it reached (src/keys/record.ts).
      const { code, stdout } = await inside(`umask 077; export HOME=/tmp/home-${reason}
        reached=$HOME/.local/state/vmssh/reached; mkdir -p $reached
        start=$(cut -d ' ' -f 22 /proc/$$/stat)
        echo '${JSON.stringify({ text: 'qemu/web', machine })}' >$reached/ssh-$$-$start
        exec asking /tmp/asked vmssh host-key ${reason} web ${key}`);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      await refused(`host-key ${reason}`, stays);
    });
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
