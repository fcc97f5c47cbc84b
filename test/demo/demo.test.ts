import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingAddon } from '../helpers/addon.js';
import { printing, saying } from '../helpers/expected.js';
import { findProgram, lacks } from '../helpers/programs.js';
import { builtDemo, follow, type Outcome, run } from '../helpers/run.js';
import { script, useTempDir } from '../helpers/temp-dir.js';

const missing = lacks('ssh');

describe('npm run demo', () => {
  const dir = useTempDir();

  it.skipIf(missing)('logs in with the real ssh', async () => {
    const result = await demo();
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(rows(result)).toEqual(
      missingAddon()
        ? ['– passing', '✓ vmssh check', '✓ ssh by relay']
        : ['✓ vmssh check', '✓ ssh by fd', '✓ ssh by relay'],
    );
    expect(result.stdout).toMatch(/\$ node \S*dist\/vmssh\.js setup NAME/);
    expect(existsSync(folderOf(result))).toBe(false);
  });

  it('does without an ssh client: the library logs in', async () => {
    const result = await demo({ PATH: programs('no-ssh') });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/– there is no ssh here: apt-get install openssh-client.*\n\n✓ ssh2 /);
    expect(result.stdout).toContain('\n    vmssh-demo\n');
    expect(existsSync(folderOf(result))).toBe(false);
  });

  it.skipIf(missing)('keeps its machine until Ctrl-C, so that a printed command can be typed', async () => {
    const child = spawn(builtDemo[0] ?? '', [...builtDemo.slice(1), '--keep'], { env: plain() });
    const { said, within } = follow(child);
    const ending = once(child, 'close');
    try {
      const isKept = () => said.stdout.includes('Kept until Ctrl-C');
      await within('kept machine', expect.poll(isKept, { timeout: 30_000 }).toBe(true));
      const [, line = ''] = /^ +\$ (ssh .*config-relay .* hostname)$/m.exec(said.stdout) ?? [];
      expect(await run(['/bin/sh', '-c', line], { env: plain() })).toMatchObject(printing(0, 'vmssh-demo\n'));
    } finally {
      child.kill('SIGINT');
    }
    expect(await ending).toEqual([0, null]);
    expect(existsSync(folderOf(said))).toBe(false);
  });

  it('refuses an unknown option', async () => {
    expect(await run([...builtDemo, '--kepe'], { env: plain() })).toMatchObject(saying(2, "'--kepe'"));
  });

  it('fails if ssh fails, with its message, and cleans up', async () => {
    const fake = programs('fake');
    script(join(fake, 'ssh'), 'echo "no entry" >&2; exit 255');
    const result = await demo({ PATH: fake });
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/✗ ssh by relay.*\(exit code 255\)\n.*\n {4}no entry/);
    expect(existsSync(folderOf(result))).toBe(false);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'cleans up on %s, in the midst of a step',
    async (signal) => {
      const slow = programs(`slow-${signal}`);
      const started = join(dir, `started-${signal}`);
      script(
        join(slow, 'ssh'),
        `case " $* " in *' hostname '*) ;; *) exit 255 ;; esac\necho $PPID > '${started}'; exec '${findProgram('sleep')}' 100`,
      );
      const ending = demo({ PATH: slow });
      const isUp = () => existsSync(started) && readFileSync(started, 'utf8').endsWith('\n');
      await expect.poll(isUp, { timeout: 20_000 }).toBe(true);
      process.kill(Number(readFileSync(started, 'utf8')), signal);
      const ended = await ending;
      expect(ended).toMatchObject(saying(130, /^vmssh demo: interrupted; \S+ is removed\n$/));
      expect(existsSync(/\S+(?= is removed)/.exec(ended.stderr)?.[0] ?? '')).toBe(false);
    },
  );

  /** Runs the built demo; only what `env` says is added to a plain environment. */
  function demo(env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return run(builtDemo, { env: { ...plain(), ...env } });
  }

  function plain(): NodeJS.ProcessEnv {
    const { HOME, PATH, NODE_V8_COVERAGE } = process.env;
    return { HOME, PATH, NODE_V8_COVERAGE, SHELL: '/bin/sh' };
  }

  /** A folder for PATH with a link only to node. */
  function programs(name: string): string {
    const folder = join(dir, name);
    mkdirSync(folder);
    symlinkSync(process.execPath, join(folder, 'node'));
    return folder;
  }
});

/** The folder that it said to be removed. */
function folderOf({ stdout }: Pick<Outcome, 'stdout'>): string {
  return /^(\/tmp\/vmssh-demo-\w+) is removed\./m.exec(stdout)?.[1] ?? '/';
}

/** Mark and the first words of each step. */
function rows({ stdout }: Outcome): string[] {
  return [...stdout.matchAll(/^([✓✗–] (?:vmssh check|ssh by fd|ssh by relay|passing))/gm)].map(
    ([, row = '']) => row,
  );
}
