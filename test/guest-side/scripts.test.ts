import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { checkScript, setupScript, undoScript } from '../../src/guest/script.js';
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

describe('a script that arrives cut off', () => {
  it.each(scripts.filter(({ name }) => name !== 'generator'))('$name: does nothing', ({ text }) => {
    const lines = text.trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(/^[a-z_]+ <\/dev\/null$/);
    const body = lines.slice(0, -1).join('\n');
    const { stdout, stderr, status } = spawnSync('sh', ['-s'], { input: body, encoding: 'utf8' });
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 });
  });
});
