import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rememberRoute } from '../../../src/book/remembered.js';
import { type Command, type RawArgs, UsageError, understand } from '../../../src/cli/command.js';
import { configDiff, configInstall } from '../../../src/commands/config/install.js';
import { gatherConfig } from '../../../src/commands/doctor/config.js';
import { configOptions } from '../../../src/hosts/options.js';
import { configFiles } from '../../../src/hosts/places.js';
import { planInstall, planUninstall } from '../../../src/hosts/plan.js';
import { showPlan } from '../../../src/hosts/show.js';
import { applyPlan } from '../../../src/hosts/write.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { lacks } from '../../helpers/programs.js';
import { writeTree } from '../../helpers/temp-dir.js';
import { configDefaults, find, machine, named, useConfigHome } from './home.js';

// Without ssh nothing tells the user's StrictHostKeyChecking.
const noSsh = lacks('ssh');

const options = configDefaults;
const home = useConfigHome();

describe('config install', () => {
  it('writes its files if there are none, for their owner only', async () => {
    const to = home.io();
    expect(await home.install({}, to)).toBe(0);
    expect(to.stdout.join('')).toBe(
      '✓ Wrote ~/.local/state/vmssh/hosts.json, ~/.ssh/vmssh.conf, ~/.ssh/config\n',
    );
    expect(readFileSync(home.own, 'utf8')).toMatch(/^Host mint$/m);
    expect(readFileSync(home.main, 'utf8')).toMatch(/^Include \/.*\/vmssh\.conf$/m);
    for (const path of [home.state, home.own, home.main]) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(home.path, '.ssh')).mode & 0o777).toBe(0o700);
  });

  it.skipIf(noSsh)(
    'names the files of host keys in full, with percents that ssh does not expand',
    async () => {
      const odd = join(home.path, '100%d');
      await home.install({}, home.io({ HOME: odd }));
      const lines = readFileSync(join(odd, '.ssh/vmssh.conf'), 'utf8').match(/UserKnownHostsFile .*vmssh.*/g);
      const want = `${odd.replace('%', '%%')}/.ssh/vmssh_known_hosts`;
      expect(new Set(lines)).toEqual(new Set([`UserKnownHostsFile ${want}.new ${want}`]));
    },
  );

  it('keeps what the main file has, its mode, and its being a link', async () => {
    const file = join(home.path, '.ssh/dotfiles');
    home.write('dotfiles', 'Host github.com\n    User git\n');
    chmodSync(file, 0o644);
    symlinkSync('dotfiles', home.main);
    const to = home.io();
    expect(await home.install({}, to)).toBe(0);
    expect(to.stdout.join('')).toContain(', ~/.ssh/config\n');
    expect(readFileSync(file, 'utf8')).toMatch(
      /Include \/.*\/vmssh\.conf\n\nHost github\.com\n {4}User git\n$/,
    );
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(await home.uninstall()).toBe(0);
    expect(readFileSync(home.main, 'utf8')).toBe('Host github.com\n    User git\n');
    expect(existsSync(home.own)).toBe(false);
  });

  it.each([
    { name: 'has', text: 'Host MINT\n' },
    { name: 'includes', text: 'Include conf.d/*\n' },
  ])('gives no machine a Host that the main file $name', async ({ text }) => {
    home.write('config', text);
    home.write('conf.d/work', 'Host other mint\n');
    const to = home.io();
    await home.install({}, to);
    expect(readFileSync(home.own, 'utf8')).not.toMatch(/^Host mint$/m);
    expect(to.stderr.join('')).toContain(
      'no Host for "mint": your ssh configuration has a Host for the name',
    );
    await home.install(named({ prefix: 'vm-' }));
    expect(readFileSync(home.own, 'utf8')).toMatch(/^Host vm-mint$/m);
    await home.install(named({ onlyPatterns: true }));
    expect(readFileSync(home.own, 'utf8')).not.toContain('mint');
  });

  it.each([
    { name: 'a pattern and a link', include: 'config.d/*', stays: true },
    { name: 'a pattern', include: '~/.ssh/vms*.conf', stays: true },
    { name: 'a pattern that finds others', include: 'other.d/*', stays: false },
    { name: 'a token, which leads elsewhere at other logins', include: '%h.conf', stays: false },
    { name: 'a variable', include: `\${HOME}/.ssh/vmssh.conf`, stays: false },
    { name: 'a bracket', include: '[!v]*.conf', stays: false },
  ])('takes an Include that has its file by $name: $stays', async ({ include, stays }) => {
    const main = `Include ${include}\n\nHost a\n`;
    for (const folder of ['config.d', 'other.d']) home.write(`${folder}/work`, 'Host b\n');
    symlinkSync('../vmssh.conf', join(home.path, '.ssh/config.d/vmssh.conf'));
    await home.install();
    home.write('config', main);
    await home.install();
    expect(readFileSync(home.main, 'utf8') === main).toBe(stays);
    expect((await gatherConfig(home.io())).isIncluded).toBe(true);
  });

  it('shows what it would change, as a diff and by its exit code', async () => {
    home.write('config', 'Host a\n');
    const to = home.io();
    expect(await showPlan(await planInstall(options, to, find), to)).toBe(1);
    expect(to.stdout.join('')).toContain(`--- ${home.main}\n+++ ${home.main}\n`);
    expect(to.stdout.join('')).toContain(`\n+Include ${home.own}\n+\n Host a\n`);
    expect(to.stdout.join('')).toContain('\n+Host mint\n');
    expect(existsSync(home.own)).toBe(false);
    await home.install();
    expect(await showPlan(await planInstall(options, home.io(), find), home.io())).toBe(0);
  });

  it('shows on a terminal a row a file, and which machines come and go', async () => {
    await home.install();
    const to = home.io();
    const other = async () => ({ machines: [{ ...machine, name: 'web', target: 'qemu/web' }], warnings: [] });
    expect(await showPlan(await planInstall(options, to, other), to, true)).toBe(1);
    const rows = to.stdout.join('').split('\n');
    expect(rows).toContainEqual(expect.stringMatching(/^\+ ~\/\.ssh\/vmssh\.conf {2,}- mint, \+ web$/));
    expect(rows.at(-2)).toBe('To do it: vmssh config install     Line by line: vmssh config diff -v');
    const well = home.io();
    expect(await showPlan(await planInstall(options, well, find), well, true)).toBe(0);
    expect(well.stdout).toEqual(['✓ Up to date: ssh mint\n']);
  });

  it('colours the diff on a terminal, and escapes names', async () => {
    home.write('config', 'Host a\x1b[2J\n');
    const to = home.io({ NO_COLOR: undefined, FORCE_COLOR: '1' });
    await showPlan(await planInstall(options, to, find), to);
    expect(to.stdout.join('')).toContain(`\x1b[32m+Include ${home.own}\x1b[39m`);
    expect(to.stdout.join('')).toContain('Host a\\x1b[2J');
  });

  it('writes only the patterns for all users, readable by all', async () => {
    const to = home.io();
    const files = configFiles({ system: true }, to, join(home.path, 'ssh'));
    expect(files).toEqual({
      own: join(home.path, 'ssh/ssh_config.d/00-vmssh.conf'),
      state: join(home.path, 'ssh/ssh_config.d/00-vmssh.json'),
      main: undefined,
      include: ['ssh_config.d/00-vmssh.conf'],
    });
    const system = { ...named({ onlyPatterns: true }), system: true };
    expect(await applyPlan(await planInstall(system, to, find, files), to)).toBe(0);
    expect([files.own, dirname(files.own)].map((path) => statSync(path).mode & 0o777)).toEqual([
      0o644, 0o755,
    ]);
    expect(to.stdout.join('')).toContain('before the lines of systemd, so vmssh serves every kind');
    expect(await applyPlan(await planUninstall(system, to, files), to)).toBe(0);
    expect(existsSync(files.own)).toBe(false);
  });

  it('refuses a program whose path cannot be written to the file', async () => {
    const to = fakeIo({ env: { HOME: home.path }, self: ['/a\nb'] });
    await expect(planInstall(options, to, find)).rejects.toThrow(UsageError);
  });
});

describe('config uninstall', () => {
  const routes = () => join(home.path, '.local/state/vmssh/routes.json');
  it('removes the file of the routes that worked last time', async () => {
    await home.install();
    await rememberRoute('machine/web', 'exec', { HOME: home.path });
    await expect.poll(() => existsSync(routes())).toBe(true);
    const to = home.io();
    expect(await home.uninstall(to)).toBe(0);
    expect({ left: existsSync(routes()), said: to.stdout.join('') }).toEqual({
      left: false,
      said: expect.stringContaining('vmssh/routes.json'),
    });
  });

  it('says that the host keys stay', async () => {
    await home.install();
    home.write('vmssh_known_hosts', 'vmssh-1 ssh-ed25519 AAAA\n');
    const [to, path] = [home.io(), join(home.path, '.ssh/vmssh_known_hosts')];
    expect(await home.uninstall(to)).toBe(0);
    expect(to.stdout.join('')).toMatch(/^✓ Removed .*~\/\.ssh\/vmssh\.conf.*\. Host keys are kept$/m);
    expect(existsSync(path)).toBe(true);
  });

  it('removes what a run that was killed just now left', async () => {
    await home.install();
    const state = dirname(home.state);
    const left = '0123456789ab';
    writeTree(home.path, { [`.ssh/.vmssh.conf.${left}`]: '', [`.ssh/.config.${left}`]: '' });
    writeTree(state, { [`.hosts.json.${left}`]: '', '.asked-x/config': '' });
    // As after a clock that was ahead.
    utimesSync(join(state, '.asked-x'), new Date('2100-01-01'), new Date('2100-01-01'));
    expect(await home.uninstall()).toBe(0);
    expect([existsSync(state), readdirSync(join(home.path, '.ssh'))]).toEqual([false, []]);
  });

  it.each(['{"routes": 1}', 'mine', '[]'])(
    'leaves a file of that name that is not ours: %s',
    async (text) => {
      await home.install();
      writeFileSync(routes(), text);
      expect(await home.uninstall()).toBe(0);
      expect(readFileSync(routes(), 'utf8')).toBe(text);
    },
  );

  it('leaves a main file alone that has nothing of ours, be it empty', async () => {
    home.write('config', '');
    const to = home.io();
    expect(await home.uninstall(to)).toBe(0);
    expect(to.stdout).toEqual(['✓ Nothing to change\n']);
    expect(readFileSync(home.main, 'utf8')).toBe('');
  });

  it('leaves an empty main file empty, also after config install', async () => {
    home.write('config', '');
    await home.install();
    expect(readFileSync(home.main, 'utf8')).toMatch(/^Include \/.*\/vmssh\.conf\n\n$/m);
    expect(await home.uninstall()).toBe(0);
    expect(readFileSync(home.main, 'utf8')).toBe('');
  });

  it('leaves no files', async () => {
    await home.install();
    expect(await home.uninstall()).toBe(0);
    const files = [home.state, dirname(home.state), home.own, home.main];
    expect(files.filter((path) => existsSync(path))).toEqual([]);
    const to = home.io();
    expect(await home.uninstall(to)).toBe(0);
    expect(to.stdout).toEqual(['✓ Nothing to change\n']);
  });
});

describe('options', () => {
  const parse = (given: RawArgs['options']) => configOptions({ positionals: [], options: given });
  it.each(['-x', '.x', 'a b', 'a*', 'a\n', 'a/'])('refuse the prefix %j', (prefix) => {
    expect(() => parse({ prefix })).toThrow(UsageError);
  });

  it('refuse conflicting options, and arguments', () => {
    for (const command of [configInstall, configDiff])
      expect(() =>
        understand(
          command as Command<object>,
          { positionals: [], options: { system: true, prefix: 'a' } },
          home.io(),
        ),
      ).toThrow('--system and --prefix cannot be used together');
    expect(() => configInstall.parse({ positionals: ['x'], options: {} }, home.io())).toThrow(
      'expected no argument, got "x"',
    );
  });
});
