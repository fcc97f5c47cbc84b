import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/commands/command.js';
import { applyPlan, showPlan } from '../../src/commands/config-apply.js';
import { configInstall } from '../../src/commands/config-install.js';
import { type ConfigOptions, configOptions } from '../../src/commands/config-options.js';
import { configFiles, planInstall, planUninstall } from '../../src/commands/config-plan.js';
import { replaceFile } from '../../src/ssh/replace-file.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { fakeIo } from './fake-io.js';

const dir = useTempDir();
const options: ConfigOptions = { onlyPatterns: false, prefix: '', system: false };
let home: string;
let main: string;
let own: string;

beforeEach(() => {
  home = mkdtempSync(join(dir, 'h-'));
  main = join(home, '.ssh/config');
  own = join(home, '.ssh/vmssh.conf');
});

const machine = {
  name: 'mint',
  target: 'qemu/mint',
  status: 'running',
  provider: 'libvirt',
  also: [],
} as const;
const find = async () => ({ machines: [machine], warnings: [] });
const io = (env = {}) => fakeIo({ env: { HOME: home, NO_COLOR: '1', ...env } });
const install = async (some: Partial<ConfigOptions> = {}, to = io()) =>
  applyPlan(await planInstall({ ...options, ...some }, to, find), to);
const uninstall = async (to = io()) => applyPlan(await planUninstall(options, to), to);
const write = (path: string, text: string) => {
  mkdirSync(join(home, '.ssh'), { recursive: true });
  writeFileSync(path, text);
};

describe('config install', () => {
  it('writes both files where there is none, for their owner alone', async () => {
    const to = io();
    expect(await install({}, to)).toBe(0);
    expect(to.stdout.join('')).toBe(`wrote ${own}\nwrote ${main}\n`);
    expect(readFileSync(own, 'utf8')).toMatch(/^Host mint$/m);
    expect(readFileSync(main, 'utf8')).toMatch(/^Include vmssh\.conf$/m);
    for (const path of [own, main]) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, '.ssh')).mode & 0o777).toBe(0o700);
  });

  it('does nothing the second time', async () => {
    await install();
    const to = io();
    expect(await install({}, to)).toBe(0);
    expect(to.stdout).toEqual(['nothing to change\n']);
  });

  it('keeps what the main file has, its mode, and its being a link', async () => {
    mkdirSync(join(home, '.ssh'));
    writeFileSync(join(home, 'dotfiles'), 'Host github.com\n    User git\n');
    chmodSync(join(home, 'dotfiles'), 0o644);
    symlinkSync('../dotfiles', main);
    expect(await install()).toBe(0);
    expect(readFileSync(join(home, 'dotfiles'), 'utf8')).toMatch(
      /Include vmssh\.conf\n\nHost github\.com\n {4}User git\n$/,
    );
    expect(statSync(join(home, 'dotfiles')).mode & 0o777).toBe(0o644);
    expect(await uninstall()).toBe(0);
    expect(readFileSync(main, 'utf8')).toBe('Host github.com\n    User git\n');
    expect(existsSync(own)).toBe(false);
  });

  it('gives no machine a Host that the main file has', async () => {
    write(main, 'Host MINT\n');
    const to = io();
    await install({}, to);
    expect(readFileSync(own, 'utf8')).not.toMatch(/^Host mint$/m);
    expect(to.stderr.join('')).toContain(
      'no Host for "mint": your ssh configuration has a Host mint already',
    );
    await install({ prefix: 'vm-' });
    expect(readFileSync(own, 'utf8')).toMatch(/^Host vm-mint$/m);
    await install({ onlyPatterns: true });
    expect(readFileSync(own, 'utf8')).not.toContain('mint');
  });

  it.each([
    { name: 'foreign', text: 'Host a\n', why: 'vmssh did not write it' },
    { name: 'edited', text: undefined, why: 'it was edited since vmssh wrote it' },
  ])('leaves a file alone that is $name, and so does config uninstall', async ({ text, why }) => {
    await install();
    const left = text ?? `${readFileSync(own, 'utf8')}Host mine\n`;
    writeFileSync(own, left);
    for (const act of [(to: ReturnType<typeof io>) => install({ prefix: 'x' }, to), uninstall]) {
      const to = io();
      expect(await act(to)).toBe(1);
      expect(to.stderr.join('')).toMatch(new RegExp(`${why}.*\nhint: mv ${own} ${own}\\.old, then again`));
      expect(readFileSync(own, 'utf8')).toBe(left);
      expect(readFileSync(main, 'utf8')).toContain('Include');
    }
  });

  it.each(['EACCES', 'EROFS', 'EPERM'])(
    'prints the line to add where the main file is read-only (%s)',
    async (code) => {
      write(main, 'Host a\n');
      const to = io();
      const readOnly: typeof replaceFile = async (path, text, mode) => {
        if (path === main) throw Object.assign(new Error('no'), { code });
        return replaceFile(path, text, mode);
      };
      expect(await applyPlan(await planInstall(options, to, find), to, readOnly)).toBe(1);
      expect(to.stdout.at(-1)).toBe('Include vmssh.conf\n');
      expect(to.stderr.join('')).toContain(
        `read-only (${code}): add this line above its first Host or Match`,
      );
      expect(existsSync(own)).toBe(true);
      expect(readFileSync(main, 'utf8')).toBe('Host a\n');
    },
  );

  it('fails where its own file cannot be written, and leaves the main one alone', async () => {
    const to = io();
    const full = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
    await expect(applyPlan(await planInstall(options, to, find), to, full)).rejects.toThrow(
      /cannot be written: no space/,
    );
    expect(existsSync(main)).toBe(false);
  });

  it('shows what it would change, in a diff, and tells by its exit code', async () => {
    write(main, 'Host a\n');
    const to = io();
    expect(await showPlan(await planInstall(options, to, find), to)).toBe(1);
    expect(to.stdout.join('')).toContain(`--- ${main}\n+++ ${main}\n`);
    expect(to.stdout.join('')).toContain('\n+Include vmssh.conf\n+\n Host a\n');
    expect(to.stdout.join('')).toContain('\n+Host mint\n');
    expect(existsSync(own)).toBe(false);
    await install();
    expect(await showPlan(await planInstall(options, io(), find), io())).toBe(0);
  });

  it('colours the diff on a terminal, and lets no name steer it', async () => {
    write(main, 'Host a\x1b[2J\n');
    const to = io({ NO_COLOR: undefined, FORCE_COLOR: '1' });
    await showPlan(await planInstall(options, to, find), to);
    expect(to.stdout.join('')).toContain('\x1b[32m+Include vmssh.conf\x1b[39m');
    expect(to.stdout.join('')).toContain('Host a\\x1b[2J');
  });

  it('writes the patterns alone for all users, readable for all', async () => {
    const to = io();
    const files = configFiles({ system: true }, to, home);
    expect(files).toEqual({
      own: join(home, 'ssh_config.d/10-vmssh.conf'),
      main: undefined,
      include: 'ssh_config.d/10-vmssh.conf',
    });
    const system = { ...options, onlyPatterns: true, system: true };
    expect(await applyPlan(await planInstall(system, to, find, files), to)).toBe(0);
    expect(statSync(files.own).mode & 0o777).toBe(0o644);
    expect(await applyPlan(await planUninstall(system, to, files), to)).toBe(0);
    expect(existsSync(files.own)).toBe(false);
  });

  it('refuses a program whose path cannot stand in the file', async () => {
    const to = fakeIo({ env: { HOME: home }, self: ['/a\nb'] });
    await expect(planInstall(options, to, find)).rejects.toThrow(UsageError);
  });
});

describe('config uninstall', () => {
  it('leaves nothing behind', async () => {
    await install();
    expect(await uninstall()).toBe(0);
    expect([existsSync(own), existsSync(main)]).toEqual([false, false]);
    const to = io();
    expect(await uninstall(to)).toBe(0);
    expect(to.stdout).toEqual(['nothing to change\n']);
  });
});

describe('options', () => {
  const parse = (given: Record<string, string | true>) => configOptions({ positionals: [], options: given });
  it.each([
    { input: {}, want: options },
    { input: { prefix: 'vm-' }, want: { ...options, prefix: 'vm-' } },
    { input: { system: true }, want: { onlyPatterns: true, prefix: '', system: true } },
  ] as const)('$input', ({ input, want }) => expect(parse(input)).toEqual(want));

  it.each(['-x', '.x', 'a b', 'a*', 'a\n', 'a/'])('refuse the prefix %j', (prefix) => {
    expect(() => parse({ prefix })).toThrow(UsageError);
  });

  it('refuse what does not go together, and arguments', () => {
    expect(() => parse({ system: true, prefix: 'a' })).toThrow('--system and --prefix exclude each other');
    expect(() => configInstall.parse({ positionals: ['x'], options: {} }, io())).toThrow(
      'expected no argument, got "x"',
    );
  });
});
