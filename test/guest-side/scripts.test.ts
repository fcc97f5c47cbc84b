import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { parseProgress } from '../../src/guest/progress.js';
import { type CheckOptions, checkScript, setupScript, undoScript } from '../../src/guest/script.js';
import { generator } from '../../src/guest/sh/generator.js';
import { stamp } from '../../src/guest/units.js';
import { missingPrograms } from '../helpers/programs.js';

const scripts = [
  { name: 'set-up', text: setupScript({ port: 22 }) },
  {
    name: 'set-up with all options',
    text: setupScript({
      port: 2222,
      hostsFix: true,
      hushlogin: true,
      keys: ["ssh-ed25519 AAAA it's me"],
      account: 'ann',
      onlyVsock: true,
    }),
  },
  { name: 'set-up of the generator', text: setupScript({ port: 22, generator: true }) },
  { name: 'undo', text: undoScript() },
  { name: 'check', text: checkScript({ port: 22, account: 'root' }) },
  {
    name: 'check over a unix socket',
    text: checkScript({ port: 22, account: 'root', over: 'unix', loggedIn: true }),
  },
  { name: 'generator', text: stamp(generator) },
];
const missing = missingPrograms({ shellcheck: 'shellcheck', dash: 'dash', busybox: 'busybox' });

describe.skipIf(missing)(`the scripts${missing ? `: ${missing}` : ''}`, () => {
  it.each(scripts)('$name: shellcheck finds nothing', ({ text }) => {
    const { stdout, status } = spawnSync('shellcheck', ['--shell=sh', '--format=gcc', '-'], {
      input: text,
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  it.each(scripts)('$name: dash and busybox sh can read it', ({ text }) => {
    for (const [program, ...args] of [
      ['dash', '-n'],
      ['busybox', 'sh', '-n'],
    ] as const) {
      const { stderr, status } = spawnSync(program, args, { input: text, encoding: 'utf8' });
      expect([program, status, stderr]).toEqual([program, 0, '']);
    }
  });
});

describe('a check after a login', () => {
  const account = userInfo().username;
  const stepsOf = (options: Partial<CheckOptions>) => {
    const input = checkScript({ port: 22, account, loggedIn: true, ...options });
    const { stdout } = spawnSync('sh', ['-s'], { input, encoding: 'utf8' });
    return stdout.split('\n').flatMap((line) => parseProgress(line) ?? []);
  };

  it('says of nothing that it fails, but for a slow lookup', () => {
    const failed = stepsOf({}).filter(({ state }) => state === 'failed' || state === 'cure');
    expect(failed.filter(({ step }) => step !== 'unknown')).toEqual([]);
  });

  it.each([
    { over: 'unix', unknown: true },
    { over: 'tcp', unknown: false },
  ] as const)('looks at no vsock if $over leads there', ({ over, unknown }) => {
    const steps = stepsOf({ over }).map(({ step }) => step);
    expect(steps).not.toContain('systemd');
    expect(steps).not.toContain('transport');
    expect(steps.includes('unknown')).toBe(unknown);
    expect(steps.at(-1)).toMatch(/^[01]$/);
  });
});

describe('a script that arrives cut off', () => {
  it.each(scripts.filter(({ name }) => name !== 'generator'))('$name: does nothing', ({ text }) => {
    const lines = text.trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(/^[a-z_]+ <\/dev\/null$/);
    const body = lines.slice(0, -1).join('\n');
    const { stdout, stderr, status } = spawnSync('sh', ['-s'], { input: body, encoding: 'utf8' });
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 });
  });
});
