import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keptLogin } from '../../../src/book/logins.js';
import { parseState } from '../../../src/book/state.js';
import { configFiles } from '../../../src/hosts/places.js';
import { planInstall } from '../../../src/hosts/plan.js';
import { showPlan } from '../../../src/hosts/show.js';
import { freshUnits } from '../../../src/hosts/units.js';
import { applyPlan } from '../../../src/hosts/write.js';
import type { FindMachines } from '../../../src/machines/find-machines.js';
import { lacks } from '../../helpers/programs.js';
import { configDefaults, find, machine, named, useConfigHome } from './home.js';

// Without ssh nothing tells the user's StrictHostKeyChecking.
const noSsh = lacks('ssh');

const home = useConfigHome();
const state = () => parseState(readFileSync(home.state, 'utf8')).state;
const hosts = () => readFileSync(home.own, 'utf8').match(/(?<=^Host )[\w.-]+(?= |$)/gm);
const uuid = '11111111-2222-4333-8444-555555555555';
const login = { user: 'kim', identityFile: '/home/kim/.ssh/vm', takes: 'mint' };
const there = (via: string, name = 'mint', id = uuid) =>
  ({ ...machine, name, target: `via/${via}/qemu/${name}`, via, uuid: id }) as const;

const answers =
  (...all: readonly ReturnType<typeof there>[]): FindMachines =>
  async () => ({ machines: [machine, ...all], warnings: [], asked: [...new Set(all.map(({ via }) => via))] });

describe.skipIf(noSsh)('the state of config install', () => {
  it('has what was decided and found', async () => {
    await home.install({ fresh: true, fdpass: false });
    expect(state()).toEqual({
      options: {
        prefix: '',
        onlyPatterns: false,
        fdpass: false,
        fresh: true,
        ...{ routes: [], throwaway: [], sshOptions: [] },
      },
      program: ['/opt/vmssh'],
      machines: [{ host: 'mint', name: 'mint', target: 'qemu/mint', provider: 'libvirt' }],
    });
  });

  it('alone makes the lines: those of hypervisors that are not asked stay', async () => {
    await home.install({}, home.io(), answers(there('hv1'), there('hv2', 'db', uuid.replace('1', '2'))));
    const before = readFileSync(home.own, 'utf8');
    writeFileSync(home.own, '');
    await home.install();
    expect(readFileSync(home.own, 'utf8')).toBe(before);
    expect(hosts()).toEqual(expect.arrayContaining(['mint', 'mint.hv1', 'db.hv2']));
  });

  it("keeps the host key of a machine of a hypervisor by that hypervisor's word on its own, whatever another says", async () => {
    const aliases = () => readFileSync(home.own, 'utf8').match(/(?<=HostKeyAlias ).*\.hv\d/g);
    await home.install({}, home.io(), answers(there('hv1')));
    const [first] = aliases() ?? [];
    expect(first).toBe('mint.hv1');
    const to = home.io();
    await home.install({}, to, answers(there('hv2', 'evil')));
    expect(to.stderr.join('')).not.toContain('have one UUID');
    expect(aliases()).toEqual(['evil.hv2', first]);
  });

  it('that is missing is a warning, and what is found or still in the lines is written', async () => {
    const sshOptions = [
      { keyword: 'User', value: '"a b"' },
      { keyword: 'Port', value: '2' },
    ];
    const given = { fresh: true, fdpass: false, throwaway: ['vsock/*'], sshOptions } as const;
    await home.install({ ...named({ prefix: 'vm-' }), ...given, start: 'terminal', routes: ['ip'] });
    home.keepLogin(machine, login);
    await home.install({ names: undefined });
    const { options } = state();
    const to = home.io();
    expect(await keptLogin(machine, to)).toEqual(login);
    rmSync(home.state);
    expect(await keptLogin(machine, to)).toBeUndefined();
    expect(await home.install({ names: undefined }, to)).toBe(0);
    expect(to.stderr.join('')).toContain(`vmssh: warning: "${home.state}" is missing`);
    expect(options).toMatchObject({ prefix: 'vm-', fresh: true, start: 'terminal', routes: ['ip'] });
    expect(state()).toMatchObject({ options, machines: [{ host: 'vm-mint' }] });
    expect(state().machines[0]?.login).toBeUndefined();
    const again = home.io();
    await home.install({ names: undefined }, again);
    expect([again.stdout, again.stderr]).toEqual([['✓ Up to date: ssh vm-mint\n'], []]);
  });

  it.each([
    [
      'newer',
      Buffer.from('{"version":3,"vmssh":"9.1.0"}'),
      /version 3, by vmssh 9\.1\.0: vmssh .* knows version 2/,
    ],
    ['older', Buffer.from('{"version":1,"vmssh":"0.1.0"}'), /expected version 2, got 1/],
    ['broken', Buffer.from([0x80, 0, 0]), /it is not JSON of vmssh/],
    ['of no version', Buffer.from('{"version":0}'), /expected version 2, got 0/],
  ])('that is $0 is refused, and stays as it is', async (_name, bytes, says) => {
    await home.install({ routes: ['vsock'] });
    const lines = readFileSync(home.own, 'utf8');
    writeFileSync(home.state, bytes);
    const to = home.io();
    expect(await home.install({ names: undefined }, to)).toBe(1);
    expect(to.stderr.join('')).toMatch(says);
    expect(to.stderr.join('')).toContain(`mv -i ${home.state} ${home.state}.old && vmssh config install`);
    expect([readFileSync(home.state), readFileSync(home.own, 'utf8')]).toEqual([bytes, lines]);
  });

  it('keeps what a newer version knows of a machine and its login, and says which vmssh made the lines', async () => {
    await home.install();
    const login = { user: 'kim', later: [1] };
    const json = JSON.parse(readFileSync(home.state, 'utf8'));
    Object.assign(json, { vmssh: '9.1.0', later: 1 });
    Object.assign(json.options, { later: 2 });
    Object.assign(json.machines[0], { later: 3, login });
    writeFileSync(home.state, JSON.stringify(json));
    await home.install({ names: undefined });
    expect(JSON.parse(readFileSync(home.state, 'utf8'))).toMatchObject({
      ...{ later: 1, options: { later: 2 }, machines: [{ later: 3, login }] },
      vmssh: expect.not.stringContaining('9.1.0'),
    });
  });

  it('keeps a login of a machine that has no Host, and has it in the lines of its next one', async () => {
    await home.install();
    home.keepLogin(machine, login);
    await home.install(named({ onlyPatterns: true }));
    expect(state().machines).toEqual([{ name: 'mint', target: 'qemu/mint', provider: 'libvirt', login }]);
    expect(readFileSync(home.own, 'utf8')).not.toContain('kim');
    await home.install(named());
    expect(state().machines).toMatchObject([{ host: 'mint', login }]);
    expect(readFileSync(home.own, 'utf8')).toContain('    User kim\n');
  });

  it('that is lost does not take the units of systemd away', async () => {
    const files = configFiles({ system: false }, home.io(), undefined, () => true);
    const install = async (fresh?: boolean) => {
      const plan = await planInstall({ ...configDefaults, names: undefined, fresh }, home.io(), find, files);
      await applyPlan(plan, home.io());
      return freshUnits.filter((name) => existsSync(join(home.path, '.config/systemd/user', name)));
    };
    expect(await install(true)).toEqual([...freshUnits]);
    rmSync(home.state);
    expect(await install()).toEqual([...freshUnits]);
  });

  it('leaves out a machine that ssh could misread, with a warning', async () => {
    await home.install();
    const odd = readFileSync(home.state, 'utf8').replace('"host":"mint"', '"host":"mint evil"');
    writeFileSync(home.state, odd);
    const to = home.io();
    await home.install({ names: undefined }, to);
    expect(to.stderr.join('')).toContain(`"${home.state}" has 1 machines that cannot be used`);
    expect(hosts()).toContain('mint');
  });

  it('has no machine that no target can name, with one warning each time', async () => {
    const odd = { ...machine, name: 'a/b', target: 'qemu/a/b' };
    for (const says of ['✓ Wrote ~/', '✓ Up to date: ssh mint\n']) {
      const to = home.io();
      expect(await home.install({}, to, async () => ({ machines: [machine, odd], warnings: [] }))).toBe(0);
      expect(to.stdout[0]).toContain(says);
      expect(to.stderr).toEqual([expect.stringMatching(/^vmssh: no Host for "a\/b": /)]);
    }
    expect(hosts()).toContain('mint');
    expect(state().machines).toHaveLength(1);
  });

  it('is part of what --dry-run and diff show, and changes nothing there', async () => {
    const to = home.io();
    expect(await showPlan(await planInstall(configDefaults, to, find), to)).toBe(1);
    expect(to.stdout.join('')).toContain(`+++ ${home.state}\n`);
    expect(existsSync(home.state)).toBe(false);
  });
});
