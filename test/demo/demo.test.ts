import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingAddon } from '../helpers/addon.js';
import { printing, saying } from '../helpers/expected.js';
import { findProgram, lacks } from '../helpers/programs.js';
import { builtDemo, follow, type Outcome, run } from '../helpers/run.js';
import { script, useTempDir } from '../helpers/temp-dir.js';

const missing = lacks('ssh', 'scp');
const hasAddon = missingAddon() === undefined;

describe('npm run demo', () => {
  const dir = useTempDir();
  const temp = join(dir, 'T');
  mkdirSync(temp);

  it.skipIf(missing)('logs in with the real ssh and copies with the real scp', async () => {
    const result = await demo();
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).not.toContain('✗');
    expect(titles(result)).toEqual([
      ...['✓ server', '✓ check'],
      ...(hasAddon ? openssh : ['– fd passing']),
      ...openssh,
    ]);
    expect(result.stdout).toContain(`${temp}/vmssh-demo-`);
    expect(result.stdout).toMatch(/\$ scp -F \S+ demo@unix%\S+%Demo\.sock:relay \S+/);
    expect(result.stdout).toMatch(/\$ node \S*dist\/vmssh\.js setup NAME/);
    expect(readdirSync(temp)).toEqual([]);
  });

  it('does without an ssh client: the library logs in', async () => {
    const result = await demo({ PATH: programs('no-ssh', []) });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const first = hasAddon ? '– ssh' : '– fd passing';
    expect(titles(result)).toEqual(['✓ server', '– check', first, '– ssh', '✓ log in', '✓ exit code']);
    expect(result.stdout).toContain('there is no ssh client in PATH');
    expect(result.stdout).toContain('apt-get install openssh-client');
    expect(readdirSync(temp)).toEqual([]);
  });

  it.skipIf(missing)('does without scp', async () => {
    const result = await demo({ PATH: programs('no-scp', ['ssh']) });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(titles(result).slice(-3)).toEqual(['✓ log in', '✓ exit code', '– scp']);
    expect(result.stdout).toContain('there is no scp in PATH');
    expect(readdirSync(temp)).toEqual([]);
  });

  it.skipIf(missing)('keeps its machine until Ctrl-C, so that a printed command can be typed', async () => {
    const child = spawn(builtDemo[0] ?? '', [...builtDemo.slice(1), '--keep'], { env: plain() });
    const { said, within } = follow(child);
    const ending = once(child, 'close');
    try {
      const isKept = () => said.stdout.includes('nc --banner');
      await within('kept machine', expect.poll(isKept, { timeout: 30_000 }).toBe(true));
      for (const [line = '', printed] of [
        [/^ +\$ (ssh .*config-relay .* hostname)$/m.exec(said.stdout)?.[1], 'vmssh-demo\n'],
        [/^ +\$ (node .* nc --banner .*)$/m.exec(said.stdout)?.[1], 'SSH-2.0-ssh2js'],
      ]) {
        const typed = await run(['/bin/sh', '-c', line], { env: plain() });
        expect({ ...typed, line }).toMatchObject(printing(0, String(printed)));
      }
    } finally {
      child.kill('SIGINT');
    }
    expect(await ending).toEqual([0, null]);
    expect(said.stdout).toMatch(/^\S+ is removed\.$/m);
    expect(readdirSync(temp)).toEqual([]);
  });

  it('refuses an unknown option', async () => {
    expect(await run([...builtDemo, '--kepe'], { env: plain() })).toMatchObject(saying(2, "'--kepe'"));
  });

  it('takes /tmp if a socket path would be too long', async () => {
    const deep = join(dir, 'deep'.repeat(30));
    mkdirSync(deep);
    const result = await demo({ TMPDIR: deep, PATH: programs('deep', []) });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const folder = /^ {2}✓ server .*(\/tmp\/vmssh-demo-\w+)\/Demo\.sock$/m.exec(result.stdout)?.[1] ?? '';
    expect(folder).not.toBe('');
    expect(existsSync(folder)).toBe(false);
    expect(readdirSync(deep)).toEqual([]);
  });

  it('fails if ssh fails, with its message, and cleans up', async () => {
    const fake = programs('fake', []);
    script(
      join(fake, 'ssh'),
      '[ "$1" = -V ] && echo OpenSSH_9.9p1 >&2 && exit 0\necho "no entry" >&2; exit 255',
    );
    const result = await demo({ PATH: fake });
    expect(result.code).toBe(1);
    expect(result.stdout).toContain('✗ log in');
    expect(result.stdout).toContain('exit code 255, expected 0: no entry');
    expect(readdirSync(temp)).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'cleans up on %s, in the midst of a step',
    async (signal) => {
      const slow = programs(`slow-${signal}`, []);
      const started = join(dir, `started-${signal}`);
      script(
        join(slow, 'ssh'),
        `[ "$1" = -V ] && echo OpenSSH_9.9p1 >&2 && exit 0\ncase " $* " in *' -G '* | *PreferredAuthentications=none*) exit 255 ;; esac\necho $PPID > '${started}'; exec '${findProgram('sleep')}' 100`,
      );
      const own = join(dir, `T-${signal}`);
      mkdirSync(own);
      const ending = demo({ PATH: slow, TMPDIR: own });
      const isUp = () => existsSync(started) && readFileSync(started, 'utf8').endsWith('\n');
      await expect.poll(isUp, { timeout: 20_000 }).toBe(true);
      process.kill(Number(readFileSync(started, 'utf8')), signal);
      expect(await ending).toMatchObject(saying(130, /^vmssh demo: interrupted; \S+ is removed\n$/));
      expect(readdirSync(own)).toEqual([]);
    },
  );

  it.each([
    { name: 'a pipe', env: {}, colored: false },
    { name: 'FORCE_COLOR', env: { FORCE_COLOR: '1' }, colored: true },
    { name: 'NO_COLOR beside it', env: { FORCE_COLOR: '1', NO_COLOR: '1' }, colored: false },
  ])('colours with $name: $colored', async ({ name, env, colored }) => {
    const { stdout } = await demo({ PATH: programs(`color-${name}`, []), ...env });
    expect(stdout.includes('\x1b[')).toBe(colored);
  });

  /** Runs the built demo; only what `env` says is added to a plain environment. */
  function demo(env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return run(builtDemo, { env: { ...plain(), ...env } });
  }

  function plain(): NodeJS.ProcessEnv {
    const { HOME, PATH, NODE_V8_COVERAGE } = process.env;
    return { HOME, PATH, NODE_V8_COVERAGE, SHELL: '/bin/sh', TMPDIR: temp };
  }

  /** A folder for PATH with links only to node and some programs. */
  function programs(name: string, links: readonly string[]): string {
    const folder = join(dir, name);
    mkdirSync(folder);
    symlinkSync(process.execPath, join(folder, 'node'));
    for (const link of links) symlinkSync(findProgram(link) ?? '', join(folder, link));
    return folder;
  }
});

const openssh = ['✓ log in', '✓ exit code', '✓ copy there', '✓ copy back'];

/** Mark and title of each row of the report. */
function titles({ stdout }: Outcome): string[] {
  return [...stdout.matchAll(/^ {2}([✓✗–] .{11})/gm)].map(([, row = '']) => row.trim());
}
