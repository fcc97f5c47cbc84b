import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shellTrouble } from '../../src/process/start-files.js';
import { findProgram, missingPrograms } from '../helpers/programs.js';
import { script, useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
let homes = 0;

/** What the shell does at home, where these files are. */
function look(shell: string, files: Readonly<Record<string, string>>, more: NodeJS.ProcessEnv = {}) {
  const home = join(dir, `${homes++}`);
  mkdirSync(home);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), text);
  }
  const env = { ...process.env, HOME: home, SHELL: findProgram(shell) ?? shell, ...more };
  return shellTrouble({ env, platform: 'linux' });
}

const guard = '[[ $- == *i* ]] || return';
const lines = {
  bash: { file: '.bashrc', line: guard },
  fish: { file: '.config/fish/config.fish', line: 'status is-interactive; or return' },
  tcsh: { file: '.tcshrc', line: 'if (! $?prompt) exit' },
  zsh: { file: '.zshenv', line: undefined },
} as const;

describe.each(Object.entries(lines))('%s', (shell, { file, line }) => {
  const skipped = missingPrograms({ [shell]: shell });

  it.skipIf(skipped)('is told what its start file prints, and the line that ends it', async () => {
    const found = await look(shell, { [file]: 'echo hello there\n' });
    expect(found).toMatchObject({ trouble: 'prints' });
    expect(found?.problem).toContain(`~/${file} prints "hello there"`);
    expect(found?.fix).toContain(line ?? `move that from ~/${file} to ~/.zshrc`);
    expect(`${found?.about}`).not.toContain(file);
    if (line) expect(await look(shell, { [file]: `${line}\necho hello there\n` })).toBe(undefined);
  });

  it.skipIf(skipped)('gets no word for a silent one, what it prints as an error, or none', async () => {
    expect(await look(shell, { [file]: 'true\nsh -c "echo no harm >&2"\n' })).toBe(undefined);
    expect(await look(shell, {})).toBe(undefined);
  });

  it.skipIf(skipped)('is told of one that ends it, and of one that waits for input', async () => {
    const ends = await look(shell, { [file]: 'exit 0\n' });
    // fish and tcsh only leave the file.
    if (shell === 'bash' || shell === 'zsh')
      expect(ends?.problem).toContain(`~/${file} does not run what ssh asks of it`);
    const waits = await look(shell, { [file]: 'sleep 1.1\n' });
    expect(waits).toMatchObject({ trouble: 'waits', problem: expect.stringContaining(`~/${file} takes 1.`) });
  });
});

describe('bash', () => {
  it('is told that only an ssh which no shell started is hit, and of a way without the file', async () => {
    const found = await look('bash', { '.bashrc': 'echo x\n' });
    expect(found?.problem).toContain('where no shell started ssh');
    expect(found?.problem).toContain('; vmssh config install --no-fdpass does without');
    expect(found?.fix).toMatch(/ \|\| return$/);
  });

  it('is told what the file of BASH_ENV does to an ssh that a shell started', async () => {
    const start = join(dir, 'start');
    const more = { BASH_ENV: start };
    writeFileSync(start, 'echo hello there\n');
    const prints = await look('bash', {}, more);
    expect(prints?.problem).toContain(`BASH_ENV names ${start}, which prints "hello there"`);
    expect(prints?.fix).toContain('unset BASH_ENV');
    expect(prints?.about).not.toContain(start);
    writeFileSync(start, 'exit 0\n');
    expect((await look('bash', {}, more))?.problem).toContain('does not run what ssh asks of it');
    writeFileSync(start, 'true\n');
    expect((await look('bash', {}, more))?.problem ?? '').not.toContain('BASH_ENV');
  });

  it('is told which file prints also where the shell itself is slow, as on a busy host', async () => {
    mkdirSync(join(dir, 'slow'));
    script(join(dir, 'slow/bash'), `sleep 1.1; exec '${findProgram('bash')}' "$@"`);
    const found = await look(join(dir, 'slow/bash'), { '.bashrc': 'echo x\n' });
    expect(found?.problem).toContain('~/.bashrc prints "x"');
  });
});

describe('a SHELL that is none', () => {
  it.each([
    {
      shell: '/proc/none/sh',
      says: 'SHELL is /proc/none/sh, and there is no such program: vmssh is not started',
    },
    { shell: '/bin/false', says: 'SHELL is /bin/false, which does not run what ssh asks of it' },
    { shell: '/bin/echo', says: 'SHELL is /bin/echo, which prints "-c exec /bin/sh' },
  ])('is named: $shell', async ({ shell, says }) => {
    const found = await look(shell, {});
    expect(found?.problem).toContain(says);
    expect(found?.fix).toBe('export SHELL=/bin/sh');
  });

  it('is said to be empty', async () => {
    expect(await look('', {}, { SHELL: '' })).toMatchObject({
      problem: expect.stringMatching(/^SHELL is "", and there is no such program: vmssh is not started/),
      fix: 'export SHELL=/bin/sh',
    });
  });

  it('is none to blame where this host cannot start a program', async () => {
    expect(await look('bash', { '.bashrc': 'echo x\n' }, { LONG: 'x'.repeat(1 << 20) })).toBe(undefined);
  });

  it('is none to speak of where ssh has no SHELL, takes /bin/sh, or is not asked by socket', async () => {
    expect(await look('/bin/sh', {})).toBe(undefined);
    expect(await look('', {}, { SHELL: undefined })).toBe(undefined);
    expect(await shellTrouble({ env: { SHELL: '/proc/none' }, platform: 'darwin' })).toBe(undefined);
  });
});
