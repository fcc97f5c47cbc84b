import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lacks } from '../helpers/programs.js';
import { executable, type Outcome, run, runtime, vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { ownEnv, within } from './fault.js';

/** What a system call really fails with, where a system has run out of something. */
const failures: Readonly<Record<string, string>> = {
  ...{ mmap: 'ENOMEM', mremap: 'ENOMEM', mprotect: 'ENOMEM', clone: 'EAGAIN', vfork: 'EAGAIN' },
  ...{ open: 'EMFILE', openat: 'EMFILE', socket: 'EMFILE', socketpair: 'EMFILE', pipe2: 'EMFILE' },
  ...{ eventfd2: 'EMFILE', dup2: 'EMFILE', connect: 'ENOBUFS', sendmsg: 'ENOBUFS', shutdown: 'ENOTCONN' },
  ...{ mkdir: 'ENOSPC', link: 'ENOSPC', rename: 'EIO', fsync: 'EIO', ftruncate: 'EIO', unlink: 'EIO' },
  ...{ fchmod: 'EPERM', fchown: 'EPERM', lstat: 'EIO', getcwd: 'ENOENT' },
  ...{ stat: 'EIO', fstat: 'EIO', newfstatat: 'EIO', access: 'EIO', readlink: 'EIO', getdents64: 'EIO' },
  ...{ pread64: 'EIO', lseek: 'EIO', statfs: 'EIO', ioctl: 'EIO', prlimit64: 'EPERM', brk: 'ENOMEM' },
  ...{ recvfrom: 'ENOMEM', sendto: 'ENOBUFS', getsockopt: 'ENOBUFS', poll: 'ENOMEM', fcntl: 'ENOMEM' },
  ...{ close_range: 'ENOMEM', munmap: 'ENOMEM' },
};

/** Of files; those that wake a thread cannot fail. */
const ofFiles: typeof failures = { read: 'EIO', write: 'ENOSPC' };

/** Of all calls, CI tries every thirteenth: ten seconds. Where the table is made, each. */
const step = process.env.VMSSH_FAULTS === undefined ? 13 : 1;

const config = 'Host other\n  Port 2222\n';

// Node makes thousands of calls on its own before it reads the first line of ours.
describe.skipIf(executable === undefined || lacks('strace'))('each system call', () => {
  const dir = useTempDir();
  const socket = () => join(dir, 's');
  const server = createServer((peer) => peer.on('error', () => {}).end('SSH-2.0-x\r\n'));
  beforeAll(() => void server.listen(socket()));
  afterAll(() => void server.close());
  let homes = 0;

  it.each([
    { name: 'proxy', args: () => ['proxy', `unix${socket()}`, '22'], threads: true },
    { name: 'proxy --fdpass', args: () => ['proxy', '--fdpass', `unix${socket()}`, '22'], threads: true },
    { name: 'list --json', args: () => ['list', '--json', '--provider=qemu'] },
    { name: 'config print', args: () => ['config', 'print'] },
    { name: 'config install', args: () => ['config', 'install', '--only-patterns'] },
    { name: '--help', args: () => ['--help'] },
  ])(
    'of $name fails once',
    async ({ name, args, threads }) => {
      const trace = join(dir, 'trace');
      const strace = ['strace', ...(threads ? ['-f'] : []), '-qq', '-o', trace];
      const once = async (...inject: readonly string[]): Promise<Outcome & { home: string }> => {
        const home = join(dir, `home-${++homes}`);
        mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
        writeFileSync(join(home, '.ssh/config'), config);
        const env = { ...ownEnv(dir), HOME: home };
        return {
          ...(await run([...strace, ...inject, ...vmssh, ...args()], { env, timeout: within * 1000 })),
          home,
        };
      };
      const whole = await once();
      expect(whole).toMatchObject({ code: 0, signal: null });
      const after = files(whole.home);
      const failing = threads ? failures : { ...failures, ...ofFiles };
      const calls = countOf(readFileSync(trace, 'utf8'), failing);
      const outcomes = new Map<string, number>();
      let tried = 0;
      for (const [call, times] of calls) {
        for (let at = 1; at <= times; at += step) {
          const outcome = await once('-e', `inject=${call}:error=${failing[call]}:when=${at}`);
          const { code, signal, stderr } = outcome;
          const what = `${call} ${at} of ${times}: ${signal ?? code} ${stderr}`;
          expect(signal, what).toBeNull();
          expect(code, what).toBeLessThan(128);
          expect(stderr, what).not.toMatch(/a bug in vmssh|Uncaught|terminate called|^\s+at /m);
          if (code !== 0) expect(stderr + outcome.stdout, what).toMatch(/^(vmssh|Stopped): \S|"code":/m);
          // Each file as it was, or as it is to be; for a relay if ssh could not be asked what it can do.
          const left = files(outcome.home);
          expect([config, after.config], what).toContain(left.config);
          expect([undefined, ...ends(after.own)], what).toEqual(expect.arrayContaining([...ends(left.own)]));
          tried++;
          outcomes.set(String(code), (outcomes.get(String(code)) ?? 0) + 1);
        }
      }
      expect(tried).toBeGreaterThan(0);
      keep(name, tried, [...outcomes.keys()].sort());
    },
    600_000,
  );
});

/** The calls of a trace that are made to fail, and how often each is made. */
function countOf(trace: string, failing: typeof failures): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of trace.split('\n')) {
    const call = /^(?:\d+ +)?(\w+)\(/.exec(line)?.[1] ?? '';
    if (call in failing) counts.set(call, (counts.get(call) ?? 0) + 1);
  }
  return counts;
}

/** The home's files; what else is left in .ssh is an error, but for the temporary files of a failed removal. */
function files(home: string): { config: string; own: string | undefined } {
  const own = join(home, '.ssh/vmssh.conf');
  const others = readdirSync(join(home, '.ssh')).filter(
    (name) => !/^(config|vmssh\.conf|known_hosts)$|^\./.test(name),
  );
  expect(others).toEqual([]);
  return {
    config: readFileSync(join(home, '.ssh/config'), 'utf8').replaceAll(home, 'HOME'),
    own: existsSync(own) ? readFileSync(own, 'utf8').replaceAll(home, 'HOME') : undefined,
  };
}

/** The first line up to the checksum, and the last line. */
function ends(file: string | undefined): readonly (string | undefined)[] {
  const lines = file?.trimEnd().split('\n');
  return [lines?.[0]?.replace(/sha256:.*/, ''), lines?.at(-1)];
}

function keep(name: string, tried: number, codes: readonly string[]): void {
  const file = process.env.VMSSH_FAULTS;
  if (file === undefined) return;
  const row = { runtime, group: 'each system call', name: `\`${name}\`: one of ${tried} fails`, within };
  appendFileSync(
    file,
    `${JSON.stringify({ ...row, ends: codes.join(' or '), seen: 'nothing, or what ran out' })}\n`,
  );
}
