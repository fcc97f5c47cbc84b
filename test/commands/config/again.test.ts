import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ConfigOptions } from '../../../src/hosts/options.js';
import { planInstall } from '../../../src/hosts/plan.js';
import { lacks } from '../../helpers/programs.js';
import { configDefaults, find, machine, named, useConfigHome } from './home.js';

// Without ssh nothing tells the user's StrictHostKeyChecking.
const noSsh = lacks('ssh');

const options = configDefaults;
const home = useConfigHome();
const uuid = '11111111-2222-4333-8444-555555555555';

describe.skipIf(noSsh)('config install, again', () => {
  it('keeps a Host for which the main file sets more since', async () => {
    await home.install();
    writeFileSync(home.main, `${readFileSync(home.main, 'utf8')}Host mint\n    User root\n`);
    const to = home.io();
    await home.install({}, to);
    expect(readFileSync(home.own, 'utf8')).toMatch(/^Host mint$/m);
    expect([to.stdout, to.stderr]).toEqual([['✓ Up to date: ssh mint\n'], []]);
  });

  it.each(['FOREIGN', 'LINK', 'INCOMPLETE', 'ADDRESS_TWICE', 'TOO_LONG', 'TOO_MANY'])(
    'removes the Host of a machine that is gone, though another of its provider has a warning: %s',
    async (code) => {
      await home.install();
      const warnings = [{ provider: machine.provider, code, problem: 'container web: not used' }];
      await home.install({}, home.io(), async () => ({ machines: [], warnings }));
      expect(readFileSync(home.own, 'utf8')).not.toMatch(/^Host mint$/m);
    },
  );

  it('keeps the Hosts of a source that cannot be asked now', async () => {
    const other = { ...machine, name: 'web', target: 'machine/web', provider: 'machined' } as const;
    const both = async () => ({ machines: [machine, other], warnings: [] });
    const warnings = [{ provider: 'libvirt', code: 'TIMEOUT', problem: 'too late' }];
    const one = async () => ({ machines: [other], warnings });
    const run = async (finder: typeof find, to = home.io()) => {
      await home.install({}, to, finder);
      return [home.hosts(), to.stderr.at(-1)];
    };
    await run(both);
    expect(await run(one)).toEqual([['Host web', 'Host mint'], 'vmssh: kept as they were: mint\n']);
    expect(await run(one)).toEqual([['Host web', 'Host mint'], 'vmssh: kept as they were: mint\n']);
    expect(await run(async () => ({ machines: [other], warnings: [] }))).toEqual([['Host web'], undefined]);
    const many = Array.from({ length: 10 }, (_, at) => ({
      ...machine,
      name: `m${at}`,
      target: `qemu/m${at}`,
    }));
    await run(async () => ({ machines: [other, ...many], warnings: [] }));
    expect((await run(one))[1]).toMatch(/kept as they were: m0, .*, m7, and 2 more\n$/);
  });

  it('has one line for 200 warnings of one kind, and one for 200 names that two machines have', async () => {
    const twins = Array.from({ length: 200 }, (_, i) => `a b${i}`).flatMap((name) => [
      { ...machine, name, target: `docker/${name}`, provider: 'docker' },
      { ...machine, name: name.replace(' ', '+'), target: `docker/${name}+`, provider: 'docker' },
    ]);
    const warnings = twins.slice(0, 200).map(({ name }) => ({
      ...{ provider: 'docker', code: 'LINK', problem: `container ${name}: its socket is a link` },
    }));
    const to = home.io();
    await home.install({}, to, async () => ({ machines: twins, warnings }));
    const also = { provider: 'docker', code: 'FOREIGN', problem: 'another' };
    expect(to.stderr.join('')).toBe(
      `vmssh: warning: docker: container a b0: its socket is a link, and 199 more of this kind
vmssh: no Host for "a b0", "a+b0": another machine would be Host a-b0-docker too: give one of them another name; and 199 more names
`,
    );
    const again = home.io();
    await home.install({}, again, async () => ({ machines: [], warnings: [also, ...warnings.slice(0, 3)] }));
    expect(again.stderr).toHaveLength(4);
  });

  it('gives no new name while a source does not answer that may have it too', async () => {
    const warnings = [{ provider: 'podman', code: 'TIMEOUT', problem: 'too late' }];
    const web = { ...machine, name: 'web', target: 'docker/web', provider: 'docker' } as const;
    await home.install();
    const io = home.io();
    await home.install({}, io, async () => ({ machines: [machine, web], warnings }));
    expect(home.hosts()).toEqual(['Host mint']);
    expect(io.stderr.join('')).toContain('no Host for "web": podman did not answer in time, and may have');
  });

  it('gives other names while one machine does not answer', async () => {
    const silent = { provider: 'firecracker', code: 'TIMEOUT', problem: 'too late', machine: 'WEB' };
    const of = (name: string) =>
      ({ ...machine, name, target: `docker/${name}`, provider: 'docker' }) as const;
    const io = home.io();
    await home.install({}, io, async () => ({ machines: [of('web'), of('db')], warnings: [silent] }));
    expect(home.hosts()).toEqual(['Host db']);
    expect(io.stderr.join('')).toContain('no Host for "web": firecracker did not answer in time');
  });

  it.each([
    ['another machine', { target: 'lima/mint', provider: 'lima' }, 'qemu/mint'],
    ['the same by its UUID', { target: 'machine/mint', provider: 'machined', uuid }, 'machine/mint'],
    ['one of the same provider', { target: 'vsock/7' }, 'vsock/7'],
  ])(
    'gives the Host of a source that cannot be asked now to no other machine: $0',
    async (_name, other, to) => {
      await home.install({}, home.io(), async () => ({ machines: [{ ...machine, uuid }], warnings: [] }));
      const machines = [{ ...machine, ...other }];
      const warnings = [{ provider: 'libvirt', code: 'TIMEOUT', problem: 'too late' }];
      const io = home.io();
      expect(await home.install({}, io, async () => ({ machines, warnings }))).toBe(0);
      expect(readFileSync(home.own, 'utf8').match(/^Host mint\b.*\n.* (\S+) %p$/gm)).toEqual([
        expect.stringContaining(` ${to} %p`),
      ]);
      expect(io.stderr.join('').includes('no Host for "mint"')).toBe(to === 'qemu/mint');
      // Once it answers again, each has its own.
      await home.install({}, home.io(), async () => ({ machines: [{ ...machine, uuid }], warnings: [] }));
      expect(readFileSync(home.own, 'utf8')).toContain(' qemu/mint %p\n');
    },
  );

  it('keeps a prefix, and patterns only, until told otherwise', async () => {
    const hosts = async (some: Partial<ConfigOptions>) => {
      expect(await home.install(some)).toBe(0);
      return home.hosts();
    };
    expect(await hosts(named({ prefix: 'vm-' }))).toEqual(['Host vm-mint']);
    expect(await hosts({ names: undefined })).toEqual(['Host vm-mint']);
    const unchanged = await planInstall({ ...options, names: undefined }, home.io(), find);
    expect(unchanged.changes).toEqual([]);
    expect(await hosts(named({ onlyPatterns: true }))).toBeNull();
    expect(await hosts({ names: undefined })).toBeNull();
    expect(await hosts(named({ prefix: '' }))).toEqual(['Host mint']);
    expect(await hosts({ names: undefined })).toEqual(['Host mint']);
  });

  it('does nothing the second time', async () => {
    await home.install();
    const to = home.io();
    expect(await home.install({}, to)).toBe(0);
    expect(to.stdout).toEqual(['✓ Up to date: ssh mint\n']);
  });
});
