import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConnectError } from '../../../src/base/errors.js';
import type { Connection, OpenOptions } from '../../../src/connect/connection.js';
import { asDaemon } from '../../../src/connect/exec/open-exec.js';
import { openConnection } from '../../../src/connect/open.js';
import type { ExecEndpoint } from '../../../src/typed/route.js';
import { targetHere } from '../../../src/typed/shell.js';
import { refusing } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { isAlive } from '../../helpers/run.js';
import { startSshd } from '../../helpers/sshd.js';
import { rowsOf } from '../../helpers/tables/rows.js';
import { script, useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { openers } from '../openers.js';
import { type ContainerMade, execOf, makeContainer } from './container.js';

const missing = lacks('sshd', 'ssh-keygen');
const endpoint = execOf('podman', 'web');

describe.skipIf(missing)(`exec${missing ? `: ${missing}` : ''}`, () => {
  const dir = useTempDir();
  let count = 0;
  const opened: Connection[] = [];
  afterEach(() => {
    for (const each of opened.splice(0)) each.close();
  });
  // For its keys only.
  beforeAll(async () => (await startSshd(dir)).close());

  function made(how: Omit<ContainerMade, 'program'> = {}) {
    const folder = join(dir, `${++count}`);
    mkdirSync(folder);
    const container = makeContainer(folder, { program: 'podman', ...how });
    const lines = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
    return { ...container, lines, calls: () => lines().length };
  }

  describe.each(openers)('opened $how', ({ skip, native }) => {
    async function open(
      { env }: Pick<ReturnType<typeof made>, 'env'>,
      { to = endpoint, ...more }: Partial<OpenOptions> & { to?: ExecEndpoint } = {},
    ): Promise<Connection> {
      const options = { timeoutMs: 20_000, env, ...more };
      const connection = await openConnection(to, options, native);
      opened.push(connection);
      return connection;
    }
    const failure = async (...args: Parameters<typeof open>): Promise<ConnectError> => {
      const error = await open(...args).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(ConnectError);
      return error;
    };
    const it1 = it.skipIf(skip);

    it1('starts the sshd of the machine by one call', async () => {
      const container = made({ keys: dir });
      const connection = await open(container);
      expect(connection.note).toBe(', by podman');
      expect(Buffer.from(await connection.read(8)).toString()).toBe('SSH-2.0-');
      expect(container.calls()).toBe(1);
    });

    it1('starts the sshd that listens there with its own configuration', async () => {
      const container = made({ keys: dir });
      const { root } = container;
      for (const name of ['own', 'other']) writeFileSync(join(root, name), '');
      script(join(root, 'usr/sbin/sshd.pam'), 'printf \'SSH-2.0-%s\\n\' "$*"; exec cat');
      const listener = (pid: string, config: string, its: string) => {
        const title = `sshd: ${root}/usr/sbin/sshd.pam -D -f ${join(root, config)} [listener] 0 of 10-100 startups`;
        writeTree(join(root, 'proc', pid), { cmdline: `${title}\0` });
        symlinkSync(its, join(root, 'proc', pid, 'root'));
      };
      listener('5', 'other', dir);
      listener('7', 'own', '/');
      const connection = await open(container);
      const { length } = `SSH-2.0--i -f ${root}/own`;
      expect(Buffer.from(await connection.read(length)).toString()).toBe(`SSH-2.0--i -f ${root}/own`);
    });

    it1.each([
      { needs: '/run/sshd', isMade: true },
      { needs: '/run/sshd.pid', isMade: false },
    ])('makes /run/sshd for an sshd that names $needs: $isMade', async ({ needs, isMade }) => {
      const container = made({ keys: dir, needs });
      await open(container);
      expect(existsSync(join(container.root, 'run/sshd'))).toBe(isMade);
    });

    it1('makes /run/sshd in a machine without grep too', async () => {
      const container = made({ keys: dir, needs: '/run/sshd', has: ['id', 'mkdir'] });
      await open(container);
      expect(existsSync(join(container.root, 'run/sshd'))).toBe(true);
    });

    it1('half-closes, and ends with the program', async () => {
      const connection = await open(made({ before: "printf 'SSH-2.0-x\\n'; exec cat" }));
      await connection.write(Buffer.from('hello'));
      connection.shutdown();
      const parts: Uint8Array[] = [];
      for (;;) {
        const bytes = await connection.read(65536);
        if (bytes.length === 0) break;
        parts.push(bytes);
      }
      expect(Buffer.concat(parts).toString()).toBe('SSH-2.0-x\nhello');
    });

    it1('leaves lines before the banner to ssh, and shows them', async () => {
      const connection = await open(made({ before: "printf 'Good \\033morning\\nSSH-2.0-x\\n'; exec cat" }));
      expect(connection.note).toBe(', by podman; it printed before: "Good \\x1bmorning\\x0a"');
    });

    const endings = rowsOf({
      'no sshd': {
        code: 'EXEC_NO_SSHD',
        says: /^"web" has no sshd \(EXEC_NO_SSHD\)$/,
        hint: `vmssh setup --install-sshd ${targetHere}`,
      },
      'no shell': {
        before:
          "echo 'Error: crun: executable file `/bin/sh` not found: No such file or directory: OCI runtime attempted to invoke a command that was not found' >&2; exit 127",
        code: 'EXEC_NO_SHELL',
        says: /"web" has no \/bin\/sh/,
      },
      'no shell, as Docker says it on stdout': {
        before:
          'echo \'OCI runtime exec failed: exec failed: unable to start container process: exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown\'; exit 126',
        code: 'EXEC_NO_SHELL',
        says: /"web" has no \/bin\/sh/,
      },
      'a machine that is off': {
        before:
          'echo "Error: can only create exec sessions on running containers: container state improper" >&2; exit 255',
        code: 'EXEC_NOT_RUNNING',
        says: /it printed "Error: can only create/,
      },
      'a virtual machine without an agent': {
        before: `echo "Error: VM agent isn't currently running" >&2; exit 1`,
        code: 'EXEC_NO_AGENT',
        says: /"web" does not run the agent that podman needs/,
      },
      'a machine at its limit of processes': {
        before: "echo 'Error: OCI runtime error: crun: fork: Resource temporarily unavailable' >&2; exit 255",
        code: 'EXEC_NO_PROCESS',
        says: /"web" is at its process limit/,
      },
      'control characters in a message': {
        before: "printf '\\033[2Jno\\n' >&2; exit 3",
        code: 'EXEC_NO_SSHD',
        says: /^/,
      },
      'a program that breaks in its own way': {
        before: "printf '\\033[2Jno\\n' >&2; exit 3",
        keys: dir,
        code: 'EXEC_FAILED',
        says: /^podman ended before it gave an SSH banner \(EXEC_FAILED\): exit code 3; it printed "\\x1b\[2Jno"$/,
      },
    });
    it1.each(endings)('fails for $name', async ({ before, keys, code, says, hint }) => {
      // What it says comes from the first call only; the second one looks into the machine.
      const first = before && `if [ "$mode" = serve ]; then ${before}; fi`;
      expect(await failure(made({ before: first, keys }))).toMatchObject({
        ...{ op: 'connect', target: expect.stringMatching(/^exec:/) },
        ...{ code, problem: expect.stringMatching(says), ...(hint && { hint }) },
      });
    });

    it1('names what sshd misses', async () => {
      const noKeys = made({ keys: dir });
      writeFileSync(join(noKeys.root, 'sshd_config'), `HostKey ${join(dir, 'nothing')}\n`);
      expect(await failure(noKeys)).toMatchObject({
        ...{
          code: 'EXEC_NO_KEYS',
          hint: `vmssh setup ${targetHere}`,
        },
        problem: expect.stringContaining('sshd: no hostkeys available'),
      });
      const bad = made({ keys: dir });
      writeFileSync(join(bad.root, 'sshd_config'), 'Nonsense yes\n');
      expect(await failure(bad)).toMatchObject(
        refusing('EXEC_BAD_SSHD', 'Bad configuration option: Nonsense'),
      );
    });

    it1.each([
      { name: 'children', start: '', stays: false },
      { name: 'a daemon', start: 'setsid', stays: true },
    ])('ends with the program, though $name of it hold its output', async ({ start, stays }) => {
      const file = join(dir, `left-${++count}`);
      const left = `echo $$ >${file}.new; mv ${file}.new ${file}; exec sleep 100000`;
      const before = `if [ "$mode" = serve ]; then ${start} sh -c '${left}' & until [ -e ${file} ]; do :; done; exit 3; fi`;
      // Their end is never waited for.
      const error = await failure(made({ before, keys: dir }), { timeoutMs: 3_600_000 });
      expect(error).toMatchObject(refusing('EXEC_FAILED', 'exit code 3'));
      const pid = Number(readFileSync(file, 'utf8'));
      if (stays) process.kill(pid);
      await expect.poll(() => isAlive(pid)).toBe(false);
    });

    it1('ends a program that says nothing, floods, or is not there', async () => {
      const silent = made({ before: 'exec sleep 1000' });
      expect(await failure(silent, { timeoutMs: 300 })).toMatchObject({ code: 'EXEC_SILENT' });
      const garbage = made({ before: 'exec yes' });
      expect(await failure(garbage)).toMatchObject({ code: 'EXEC_NO_BANNER' });
      const flood = made({ before: '[ "$mode" = why ] || exec yes >&2', keys: dir });
      expect(await failure(flood)).toMatchObject(refusing('EXEC_FAILED', /it printed "y\\x0ay.{0,1500}$/));
      expect(await failure({ env: { ...process.env, PATH: join(dir, 'nothing') } })).toMatchObject({
        code: 'EXEC_NO_PROGRAM',
        problem:
          'podman could not be run on this host (EXEC_NO_PROGRAM): it is not installed, or not in PATH',
        hint: 'install podman, or check PATH: command -v podman',
      });
    });

    it1('runs a command that connects to a port as it is, and brings nothing there', async () => {
      const container = made();
      script(join(container.bin, 'forward'), 'echo "SSH-2.0-$*"; exec cat');
      const to: ExecEndpoint = {
        ...{ family: 'exec', command: ['forward', 'web', '22'], machine: 'web', into: 'port', port: 22 },
      };
      const bring = { trust: () => expect.unreachable() };
      const connection = await open(container, { to, bring });
      expect(connection.note).toBe(', by forward');
      expect(Buffer.from(await connection.read(100)).toString()).toBe('SSH-2.0-web 22\n');
    });

    it1('has the messages of the manager in English', async () => {
      const { env } = made({ before: 'echo "SSH-2.0-$LC_ALL"; exec cat' });
      const connection = await open({ env: { ...env, LC_ALL: 'de_DE.UTF-8' } });
      expect(Buffer.from(await connection.read(100)).toString()).toBe('SSH-2.0-C\n');
    });

    it1(
      'takes only the beginning of a line for a banner, and shows the beginning of what is before it',
      async () => {
        const connection = await open(made({ before: "echo 'no SSH-2.0-x'; echo SSH-2.0-y; exec cat" }));
        expect(connection.note).toBe(', by podman; it printed before: "no SSH-2.0-x\\x0a"');
        const noisy = await open(made({ before: `echo ${'x'.repeat(900)}; echo SSH-2.0-y; exec cat` }));
        expect(noisy.note).toBe(`, by podman; it printed before: "${'x'.repeat(300)}"`);
      },
    );

    it1('goes on after an abort once it is open', async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const connection = await open(made({ before: 'echo SSH-2.0-x; exec cat' }), { signal });
      controller.abort();
      await connection.write(Buffer.from('hello'));
      connection.shutdown();
      let got = '';
      for (let part = await connection.read(100); part.length > 0; part = await connection.read(100))
        got += Buffer.from(part).toString();
      expect(got).toBe('SSH-2.0-x\nhello');
    });

    it1('ends the program if it is interrupted', async () => {
      const controller = new AbortController();
      const file = join(dir, `left-${++count}`);
      const container = made({ before: `echo $$ >${file}.new; mv ${file}.new ${file}; exec sleep 100000` });
      const failing = failure(container, { signal: controller.signal, timeoutMs: 3_600_000 });
      await expect.poll(() => existsSync(file)).toBe(true);
      controller.abort();
      expect(await failing).toMatchObject({ code: 'INTERRUPTED' });
      await expect.poll(() => isAlive(Number(readFileSync(file, 'utf8')))).toBe(false);
      expect(container.calls()).toBe(1);
    });

    describe('with an sshd that may be brought', () => {
      const trusted: string[] = [];
      const bring = { trust: ({ type }: { readonly type: string }) => void trusted.push(type) };
      beforeEach(() => void trusted.splice(0));
      const facts = (lacks: string) =>
        `printf 'vmssh bring\\n0\\n0\\nx86_64\\n\\n/bin/sh\\n${lacks}\\n\\0end\\n'`;
      const brings = (what: string) =>
        made({ before: `if [ "$mode" = bring ]; then ${what}; fi`, keys: dir });

      it1("starts the machine's own, as root, if it has one", async () => {
        const container = brings("echo 'vmssh has sshd'; exit");
        const connection = await open(container, { bring });
        expect(connection.note).toBe(', by podman');
        expect(Buffer.from(await connection.read(8)).toString()).toBe('SSH-2.0-');
        expect(container.lines().map((line) => line.includes('--user=0'))).toEqual([false, true]);
        expect(trusted).toEqual([]);
      });

      it1('says what is in the way of it', async () => {
        const container = brings(`${facts(' rm')}; exec cat`);
        expect(await failure(container, { bring })).toMatchObject(
          refusing('EXEC_BRING_NO_TOOLS', /: it lacks rm$/),
        );
        expect(container.calls()).toBe(1);
      });

      it1('says what was printed if the machine stops in the middle', async () => {
        const container = brings("echo 'vmssh bring'; echo 'out of luck' >&2; exit 3");
        expect(await failure(container, { bring })).toMatchObject(
          refusing('EXEC_BRING_FAILED', /: it printed "out of luck"$/),
        );
        expect(trusted).toEqual([]);
      });

      it1('ends it if it stays in the middle', async () => {
        const container = brings("echo 'vmssh bring'; exec sleep 100000");
        expect(await failure(container, { bring, timeoutMs: 500 })).toMatchObject({ code: 'EXEC_SILENT' });
      });

      it1('brings it, trusts its key, and leaves nothing behind', async () => {
        const [, self = ''] = process.argv;
        const place = join(dir, `brought-${++count}`);
        const programs = join(place, `sshd/linux-${process.arch}`);
        mkdirSync(programs, { recursive: true, mode: 0o755 });
        for (const name of ['sshd', 'sshd-session', 'sshd-auth'])
          script(join(programs, name), "echo 'SSH-2.0-brought'; exec cat");
        writeFileSync(join(place, 'vmssh'), '');
        const has = ['cat', 'chmod', 'head', 'id', 'mkdir', 'rm'];
        const container = made({ has });
        process.argv[1] = join(place, 'vmssh');
        try {
          const connection = await open(container, { bring });
          expect(connection.note).toBe(', by podman, with an sshd that was brought');
          expect(trusted).toEqual(['ssh-ed25519']);
          expect(Buffer.from(await connection.read(100)).toString()).toBe('SSH-2.0-brought\n');
          connection.shutdown();
          expect(await connection.read(100)).toHaveLength(0);
          await expect.poll(() => readdirSync(join(container.root, 'run'))).toEqual([]);
        } finally {
          process.argv[1] = self;
        }
      });
    });

    it1('leaves no guard of a program that cannot be started', async () => {
      const to = { ...endpoint, command: ['podman', 'a\0b'] };
      const bring = { trust() {} };
      await expect(open(made(), { to, bring })).rejects.toThrow();
      await expect.poll(() => ownChildren().filter((each) => each.includes('kill -s KILL'))).toEqual([]);
    });

    it1('can be interrupted', async () => {
      const controller = new AbortController();
      const failing = failure(made({ before: 'exec sleep 1000' }), { signal: controller.signal });
      controller.abort();
      expect(await failing).toMatchObject({ code: 'INTERRUPTED' });
    });
  });
});

/** The command lines of what this process has started. */
function ownChildren(): readonly string[] {
  const threads = readdirSync('/proc/self/task');
  const pids = threads.flatMap(
    (id) => readFileSync(`/proc/self/task/${id}/children`, 'utf8').match(/\d+/g) ?? [],
  );
  return pids
    .filter((pid) => isAlive(Number(pid)))
    .map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
}

describe('the audit login id of a program', () => {
  const dir = useTempDir();
  beforeAll(() => {
    script(join(dir, 'podman'), 'read id </proc/self/loginuid; printf "%s;" "$id" "$@"');
  });

  it.each([
    { program: 'podman', uid: 0, unset: true },
    { program: 'podman', uid: 1000, unset: false },
    { program: '$dir/podman', uid: 0, unset: true },
  ])('is unset for $program of uid $uid: $unset', ({ program, uid, unset }) => {
    const words = [program.replace('$dir', dir), 'a  b', '$(c)'];
    const command = asDaemon(words, { PATH: dir }, uid);
    // In a process of its own, which has one if the kernel lets us give it one.
    const set = (id: number) =>
      `echo ${id} 2>/dev/null >/proc/self/loginuid; read id </proc/self/loginuid; echo $id`;
    // A user cannot take back the one that a login gave him.
    const start = `${set(4242)}; (${set(4_294_967_295)}); "$@"`;
    const options = { env: { PATH: dir }, cwd: dir, encoding: 'utf8' } as const;
    const { stdout, stderr } = spawnSync('/bin/sh', ['-c', start, 'sh', ...command], options);
    const [own, none, got] = stdout.split('\n');
    expect({ got, stderr }).toEqual({ got: `${unset ? none : own};a  b;$(c);`, stderr: '' });
  });
});
