import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { configFiles } from '../../src/hosts/places.js';
import { planInstall, planUninstall } from '../../src/hosts/plan.js';
import { disableUnits, enableUnits, freshUnits, freshUnitTexts } from '../../src/hosts/units.js';
import { applyPlan } from '../../src/hosts/write.js';
import type { RunTool } from '../../src/sources/tools/run-tool.js';
import { ownAccount } from '../../src/ssh/folder.js';
import { configDefaults, find, useConfigHome } from '../commands/config/home.js';
import { saying } from '../helpers/expected.js';
import { lacks } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { writeTree } from '../helpers/temp-dir.js';

const home = useConfigHome();
let folder: string;
beforeEach(() => {
  folder = join(home.path, '.config/systemd/user');
});
const files = () => configFiles({ system: false }, home.io(), undefined, () => true);
const install = async (fresh: boolean | undefined, to = home.io()) => {
  const plan = await planInstall({ ...configDefaults, names: undefined, fresh }, to, find, files());
  return { plan, code: await applyPlan(plan, to), stderr: to.stderr.join('') };
};
const there = () => freshUnits.filter((name) => existsSync(join(folder, name)));

describe('the units of config install --fresh', () => {
  it('are written with it, stay in later runs, and go with --no-fresh', async () => {
    expect((await install(undefined)).code).toBe(0);
    expect(there()).toEqual([]);
    expect((await install(true)).code).toBe(0);
    expect(there()).toEqual([...freshUnits]);
    for (const name of freshUnits) expect(lstatSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect((await install(undefined)).plan.changes).toEqual([]);
    expect((await install(false)).code).toBe(0);
    expect(there()).toEqual([]);
  });

  it('go with config uninstall', async () => {
    await install(true);
    const to = home.io();
    expect(await applyPlan(await planUninstall(configDefaults, to, files()), to)).toBe(0);
    expect(there()).toEqual([]);
    expect(existsSync(home.own)).toBe(false);
  });

  it('are where XDG_CONFIG_HOME says, and nowhere without systemd', () => {
    const to = home.io({ XDG_CONFIG_HOME: '/x/y' });
    expect(configFiles({ system: false }, to, undefined, () => true).units).toBe('/x/y/systemd/user');
    expect(configFiles({ system: false }, to, undefined, () => false).units).toBeUndefined();
    expect(configFiles({ system: true }, to, undefined, () => true).units).toBeUndefined();
  });

  it.each(freshUnits)('are not written over a %s of somebody else, or one that was edited', async (name) => {
    writeTree(folder, { [name]: '[Unit]\n' });
    expect(await install(true)).toMatchObject(saying(1, `${name}": vmssh did not write it`));
    expect(existsSync(home.own)).toBe(false);
    // One that is not ours is in nobody's way without --fresh.
    expect((await install(false)).code).toBe(0);
    writeFileSync(join(folder, name), `${freshUnitTexts(['/v'], {})[name]}# mine\n`);
    for (const fresh of [true, false]) {
      const edited = await install(fresh);
      expect(edited.code).toBe(1);
      expect(edited.stderr).toContain('it was edited since vmssh wrote it');
      expect(edited.stderr).toContain('systemctl --user edit');
    }
    expect(readFileSync(join(folder, name), 'utf8')).toMatch(/# mine\n$/);
  });

  it('find the machines that the shell finds: each variable that decides it is in them', () => {
    const decides = [
      ...['PATH', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'LIMA_HOME'],
      ...['INCUS_CONF', 'INCUS_DIR', 'INCUS_SOCKET'],
      ...['LXD_DIR', 'DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'CONTAINER_HOST', 'CONTAINERS_CONF'],
      ...['CONTAINERS_STORAGE_CONF', 'KUBECONFIG'],
    ];
    const env = Object.fromEntries(decides.map((name) => [name, `/of/${name}`]));
    const texts = freshUnitTexts(['/v'], { ...env, HOME: '/h', XDG_RUNTIME_DIR: '/r', OTHER: 'x' });
    const set = texts['vmssh-hosts.service'].matchAll(/^Environment=(\w+)=\/of\/\1$/gm);
    expect([...set].map(([, name]) => name).toSorted()).toEqual(decides.toSorted());
    expect(texts['vmssh-hosts.service'].match(/^Environment=/gm)).toHaveLength(decides.length);
    const watched = texts['vmssh-hosts.path'];
    for (const folder of ['/of/LIMA_HOME', '%t/crun', '%h/.config/libvirt/qemu', '/run/systemd/machines'])
      expect(watched).toContain(`\nPathChanged=${folder}\n`);
  });

  it('are started once for the changes of a moment, and name their manual', () => {
    const texts = freshUnitTexts(['/v'], {});
    for (const text of Object.values(texts)) expect(text).toContain('\nDocumentation=man:vmssh-config(1)\n');
    expect(texts['vmssh-hosts.path']).toContain('\nUnit=vmssh-hosts-soon.timer\n');
    const soon = texts['vmssh-hosts-soon.timer'];
    for (const line of ['OnActiveSec=2', 'RemainAfterElapse=no', 'Unit=vmssh-hosts.service'])
      expect(soon).toContain(`\n${line}\n`);
    expect(texts['vmssh-hosts.service']).not.toContain('ExecStartPre');
  });

  it('have the programs of managers run with the rights that they need', () => {
    expect(freshUnitTexts(['/v'], {})['vmssh-hosts.service']).not.toMatch(
      /^(NoNewPrivileges|SystemCall|Restrict|Private|Protect|Lock|MemoryDeny)/m,
    );
  });

  const odd = ['/opt/a b/100% "x"/$HOME/v\\m', '/opt/vmssh.js'];
  it.each([
    { name: 'a plain program', program: ['/opt/vmssh'], env: { PATH: '/usr/bin' } },
    { name: 'an odd one', program: odd, env: { PATH: '/a b:/%h', LIMA_HOME: '/l i%m$a"' } },
  ])('have words that systemd reads back: $name', ({ program, env }) => {
    const { 'vmssh-hosts.service': service } = freshUnitTexts(program, env);
    expect(service).toContain(
      program === odd
        ? 'ExecStart=:/bin/sh -c \'exec "$0" "$@"\' "/opt/a b/100%% \\"x\\"/$HOME/v\\\\m" /opt/vmssh.js config refresh\n'
        : 'ExecStart=/opt/vmssh config refresh\n',
    );
    expect(() => freshUnitTexts(['/a\nExecStart=/evil'], {})).toThrow(RangeError);
    expect(() => freshUnitTexts(['/a'], { PATH: '/b\nExecStart=/evil' })).toThrow(RangeError);
  });

  it.skipIf(lacks('systemd-analyze'))('pass systemd-analyze verify', async () => {
    const program = join(home.path, 'a "b" $c');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
    writeTree(folder, freshUnitTexts([program], { PATH: '/usr/bin:/a b' }));
    const paths = freshUnits.map((name) => join(folder, name));
    const env = { ...process.env, XDG_RUNTIME_DIR: home.path };
    const verify = ['systemd-analyze', 'verify', '--user', '--man=no', ...paths];
    const { code, stdout, stderr } = await run(verify, { env });
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('vmssh'));
    expect({ code, said }).toEqual({ code: 0, said: [] });
  });
});

describe("the user's systemd", () => {
  const calls: string[] = [];
  const answers: RunTool = async (program, args) => {
    calls.push([program, ...args].join(' '));
    return '';
  };
  beforeEach(() => void calls.splice(0));
  const io = () => home.io({ HOME: ownAccount()?.home });

  it('is told what was written, and what will be gone', async () => {
    const to = io();
    await enableUnits(to, answers);
    await install(true);
    await disableUnits(await planUninstall(configDefaults, home.io(), files()), to, answers);
    expect(calls).toEqual([
      'systemctl --user daemon-reload',
      'systemctl --user enable --now vmssh-hosts.path vmssh-hosts.timer',
      'systemctl --user disable --now vmssh-hosts.path vmssh-hosts.timer',
    ]);
    expect(to.stderr).toEqual([]);
  });

  it('gets the command printed if it does not answer, or is for another home', async () => {
    const silent: RunTool = () => Promise.reject(new Error('systemctl: Failed to connect to bus'));
    for (const [to, tool] of [
      [io(), silent],
      [home.io(), answers],
    ] as const) {
      await enableUnits(to, tool);
      expect(to.stderr.join('')).toMatch(
        /^vmssh: the units are written, but not enabled \(.*\)\nhint: systemctl /,
      );
      expect(to.stderr.join('')).toContain(
        'systemctl --user daemon-reload && systemctl --user enable --now vmssh-hosts.path vmssh-hosts.timer\n',
      );
    }
    expect(calls).toEqual([]);
  });

  it('has no links left to units that are removed, even if it does not answer', async () => {
    await install(true);
    const wants = join(folder, 'timers.target.wants');
    mkdirSync(wants);
    const [link, other] = [join(wants, 'vmssh-hosts.timer'), join(wants, 'other.timer')];
    symlinkSync('../vmssh-hosts.timer', link);
    symlinkSync('../vmssh-hosts.timer', other);
    const silent: RunTool = () => Promise.reject(new Error('no'));
    await disableUnits(await planUninstall(configDefaults, home.io(), files()), home.io(), silent);
    const isThere = (path: string) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    expect([isThere(link), isThere(other)]).toEqual([false, true]);
  });
});
