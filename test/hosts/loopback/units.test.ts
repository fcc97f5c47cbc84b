import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunTool } from '../../../src/discovery/tools/run-tool.js';
import { refresh } from '../../../src/hosts/fresh/refresh.js';
import { serveLoopback } from '../../../src/hosts/loopback/serve.js';
import { loopbackUnits, loopbackUnitTexts } from '../../../src/hosts/loopback/units.js';
import type { ConfigOptions } from '../../../src/hosts/options.js';
import { configFiles } from '../../../src/hosts/places.js';
import { planInstall, planUninstall } from '../../../src/hosts/plan.js';
import { disableUnits } from '../../../src/hosts/units/systemd.js';
import { applyPlan } from '../../../src/hosts/write/apply.js';
import { showPlan } from '../../../src/hosts/write/show.js';
import type { FindMachines } from '../../../src/machines/find-machines.js';
import { ownAccount } from '../../../src/ssh/account.js';
import { type HostState, parseState } from '../../../src/ssh/config/state.js';
import { configDefaults, find, machine, useConfigHome } from '../../commands/config/home.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';

const home = useConfigHome();
let folder: string;
beforeEach(() => {
  folder = join(home.path, '.config/systemd/user');
});
const files = () => configFiles({ system: false }, home.io(), undefined, () => true);
const plan = (some: Partial<ConfigOptions>, finder: FindMachines = find, to = home.io()) =>
  planInstall({ ...configDefaults, asBefore: true, ...some }, to, finder, files());
const install = async (some: Partial<ConfigOptions>, finder: FindMachines = find) => {
  const to = home.io();
  const code = await applyPlan(await plan(some, finder, to), to);
  return { code, stderr: to.stderr.join('') };
};
const there = () => (existsSync(folder) ? readdirSync(folder).toSorted() : []);
const names = [...loopbackUnits].toSorted();
const state = () => parseState(readFileSync(home.state, 'utf8')).state;

describe('the units of config install --loopback', () => {
  it('are written with it, stay in later runs, and go with --no-loopback and config uninstall', async () => {
    expect((await install({})).code).toBe(0);
    expect(there()).toEqual([]);
    expect((await install({ loopback: 'own' })).code).toBe(0);
    expect(there()).toEqual(names);
    for (const name of names) expect(lstatSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect((await plan({})).changes).toEqual([]);
    expect((await install({ loopback: 'none' })).code).toBe(0);
    expect(there()).toEqual([]);
    await install({ loopback: 'all', fresh: true });
    expect(there()).toHaveLength(5);
    const to = home.io();
    expect(await applyPlan(await planUninstall(configDefaults, to, files()), to)).toBe(0);
    expect(there()).toEqual([]);
  });

  it.each(loopbackUnits)(
    'are not written over a %s of somebody else, or one that was edited',
    async (name) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, name), '[Unit]\n');
      const { code, stderr } = await install({ loopback: 'own' });
      expect(code).toBe(1);
      expect(stderr).toContain(`${name}": vmssh did not write it`);
      expect(existsSync(home.own)).toBe(false);
      // One that is not ours is in nobody's way without --loopback, and stays.
      expect((await install({ loopback: 'none' })).code).toBe(0);
      expect(there()).toEqual([name]);
      writeFileSync(join(folder, name), `${loopbackUnitTexts(['/v'], {})[name]}# mine\n`);
      const edited = await install({ loopback: 'none' });
      expect(edited).toMatchObject({ code: 1, stderr: expect.stringContaining('it was edited since') });
      expect(readFileSync(join(folder, name), 'utf8')).toMatch(/# mine\n$/);
    },
  );

  it('are left as they are if the state that says whether they are wanted is lost', async () => {
    await install({ loopback: 'own' });
    writeFileSync(home.state, '{}');
    await install({});
    expect(there()).toEqual(names);
  });

  it('start the program that runs, with what leads it to the machines', () => {
    const texts = loopbackUnitTexts(['/opt/node', '/opt/a b/vmssh.js'], {
      PATH: '/usr/bin',
      LIMA_HOME: '/l',
    });
    expect(texts['vmssh-loopback@.service']).toContain(
      'Environment=PATH=/usr/bin\nEnvironment=LIMA_HOME=/l\nExecStart=:/bin/sh -c \'exec "$0" "$@"\' /opt/node "/opt/a b/vmssh.js" forward --idle 60 --all systemd\n',
    );
    expect(() => loopbackUnitTexts(['/a\nExecStart=/evil'], {})).toThrow(RangeError);
  });

  it.skipIf(missingPrograms({ 'systemd-analyze': 'systemd' }))('pass systemd-analyze verify', async () => {
    const program = join(home.path, 'a "b" $c');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(loopbackUnitTexts([program], { PATH: '/usr/bin:/a b' })))
      writeFileSync(join(folder, name.replace('@', '@29200')), text);
    const paths = there().map((name) => join(folder, name));
    const env = { ...process.env, XDG_RUNTIME_DIR: home.path };
    const command = ['systemd-analyze', 'verify', '--user', '--man=no', ...paths];
    const { code, stdout, stderr } = await run(command, { env });
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('vmssh'));
    expect({ code, said }).toEqual({ code: 0, said: [] });
  });
});

describe('config diff and --dry-run', () => {
  it('show the units, and the host keys that go into known_hosts or out of it', async () => {
    await install({ loopback: 'own' });
    home.write('vmssh_known_hosts', 'vmssh-qemu%mint ssh-ed25519 AAAA\n');
    home.write('known_hosts', 'example.org ssh-ed25519 AAAA\n');
    const port = state().machines[0]?.loopback;
    const line = `[127.0.0.1]:${port} ssh-ed25519 AAAA vmssh-loopback`;
    const to = home.io();
    expect(await showPlan(await plan({}), to)).toBe(1);
    expect(to.stdout.join('')).toBe(
      `--- ${home.path}/.ssh/known_hosts\n+++ ${home.path}/.ssh/known_hosts\n example.org ssh-ed25519 AAAA\n+${line}\n`,
    );
    home.write('known_hosts', `example.org ssh-ed25519 AAAA\n${line}\n`);
    expect(await showPlan(await plan({}), home.io())).toBe(0);
    for (const gone of [
      await plan({ loopback: 'none' }),
      await planUninstall(configDefaults, home.io(), files()),
    ]) {
      const shown = home.io();
      expect(await showPlan(gone, shown)).toBe(1);
      expect(shown.stdout.join('')).toContain(`\n-${line}\n`);
      for (const name of names) expect(shown.stdout.join('')).toContain(`--- ${join(folder, name)}\n`);
    }
  });
});

describe("the user's systemd", () => {
  const calls: string[] = [];
  const links = () => join(folder, 'sockets.target.wants');
  /** Makes and removes the links that systemctl does. */
  const systemd: RunTool = async (_program, [, ...args]) => {
    calls.push(args.join(' '));
    mkdirSync(links(), { recursive: true });
    if (args[0] === 'enable')
      for (const name of args.slice(2)) symlinkSync('../vmssh-loopback@.socket', join(links(), name));
    return '';
  };
  beforeEach(() => void calls.splice(0));
  // systemctl is asked only with the user's own home.
  const io = () => home.io({ HOME: ownAccount()?.home });
  const serve = (now: HostState, again: boolean, tool = systemd, to = io()) =>
    serveLoopback(now, folder, to, again, tool);
  const socket = (name: string) =>
    `vmssh-loopback@${state().machines.find((each) => each.name === name)?.loopback}.socket`;
  const web = { ...machine, name: 'web', target: 'qemu/web' } as const;
  const both: FindMachines = async () => ({ machines: [machine, web], warnings: [] });

  it('listens on the port of each machine, follows those that come and go, and has no link left in the end', async () => {
    await install({ loopback: 'own' }, both);
    const [mint, other] = [socket('mint'), socket('web')];
    expect(await serve(state(), true)).toBe(true);
    expect(calls.splice(0)).toEqual(['daemon-reload', `enable --now ${mint} ${other}`]);
    // Nothing came or went.
    expect(await serve(state(), false)).toBe(true);
    expect(calls).toEqual([]);
    await install({});
    expect(await serve(state(), false)).toBe(true);
    const gone = other.replace('.socket', '.service');
    expect(calls.splice(0)).toEqual([`disable --now ${other}`, `stop ${gone}`]);
    expect(readdirSync(links())).toEqual([mint]);
    await install({}, both);
    expect(await serve(state(), false)).toBe(true);
    expect(calls.splice(0)).toEqual([`enable --now ${other}`]);
    writeFileSync(join(links(), 'vmssh-loopback@22.socket'), '');
    await disableUnits(await plan({ loopback: 'none' }), io(), systemd);
    const sockets = [mint, other].toSorted();
    expect(calls).toEqual([
      `disable --now ${sockets.join(' ')}`,
      `stop ${sockets.join(' ').replaceAll('.socket', '.service')}`,
    ]);
    expect(readdirSync(links())).toEqual(['vmssh-loopback@22.socket']);
  });

  it('is not asked without our units, nor without loopback ports', async () => {
    await install({ loopback: 'own' });
    expect(await serve({ ...state(), options: { ...state().options, loopback: undefined } }, true)).toBe(
      false,
    );
    writeFileSync(join(folder, 'vmssh-loopback@.service'), '[Service]\n');
    expect(await serve(state(), true)).toBe(false);
    expect(await serveLoopback(state(), undefined, io(), true, systemd)).toBe(false);
    expect(calls).toEqual([]);
  });

  it('that does not answer, or is for another home, has a message name what connects them', async () => {
    await install({ loopback: 'own' });
    const silent: RunTool = () => Promise.reject(new Error('systemctl: Failed to connect to bus'));
    for (const [to, tool] of [
      [io(), silent],
      [home.io(), systemd],
    ] as const) {
      expect(await serve(state(), true, tool, to)).toBe(false);
      expect(to.stderr.join('')).toMatch(
        /^vmssh: systemd does not listen on the loopback ports: .*\nhint: .*vmssh forward --all connects them/,
      );
    }
    expect(calls).toEqual([]);
  });

  it('is told by a refresh of the Hosts, which is silent if it fails', async () => {
    await install({ loopback: 'own', fresh: true });
    const to = home.io();
    expect(await refresh(to, both, files())).toBe('changed');
    expect([to.stdout, to.stderr]).toEqual([[], []]);
  });
});
