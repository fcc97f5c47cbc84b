import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { parseState } from '../../src/book/state.js';
import { keepFresh } from '../../src/hosts/keep-fresh.js';
import { configOptions, settings } from '../../src/hosts/options.js';
import { inEffect } from '../../src/hosts/setting.js';
import { configText } from '../../src/hosts/text.js';
import type { FindMachines } from '../../src/machines/find-machines.js';
import { machine, useConfigHome } from '../commands/config/home.js';
import { lacks } from '../helpers/programs.js';
import { writeTree } from '../helpers/temp-dir.js';

// Without ssh nothing tells the user's StrictHostKeyChecking.
const noSsh = lacks('ssh');

const home = useConfigHome();
const state = () => parseState(readFileSync(home.state, 'utf8')).state;

describe('the routes', () => {
  const proxies = () => readFileSync(home.own, 'utf8').match(/(?<=ProxyCommand ).*/g);
  const kept = () => state().options.routes;

  it('config install --route is for the Hosts of machines only, stays, and is taken back', async () => {
    await home.install({ routes: ['vsock', 'ip'] });
    const routed = proxies()?.filter((line) => line.includes(' --route='));
    expect(routed).toEqual([
      expect.stringMatching(/ proxy (--fdpass )?--route=vsock,ip (--record )?qemu\/mint %p$/),
    ]);
    expect(kept()).toEqual(['vsock', 'ip']);
    await home.install({ names: undefined });
    expect({ kept: kept(), routed: proxies()?.filter((line) => line.includes(' --route=')) }).toEqual({
      kept: ['vsock', 'ip'],
      routed,
    });
    await home.install({ routes: [] });
    expect({ kept: kept(), lines: proxies()?.join() }).toEqual({
      kept: [],
      lines: expect.not.stringContaining('--route'),
    });
  });

  it('routes in the state that are none are left out', () => {
    const routesOf = (routes: unknown) => inEffect(settings, {}, { routes }).routes;
    expect(routesOf(['ip', '--start', 7, 'vsock'])).toEqual(['ip', 'vsock']);
    expect(routesOf('ip')).toEqual([]);
    expect(routesOf(['x'])).toEqual([]);
  });

  it('the Host of a machine on another hypervisor has no --route: that one chooses', () => {
    const hosts = ['qemu/mint', 'via/hv1/mint'].map((target) => ({
      ...{ host: target.replaceAll('/', '-'), about: target },
      options: { target, knownHosts: '/k' },
    }));
    const text = configText({ program: ['vmssh'], fdpass: false, hosts, routes: ['ip'] });
    expect(text.match(/(?<=vmssh proxy ).*mint.*/g)).toEqual(['--route=ip qemu/mint %p', 'via/hv1/mint %p']);
  });
});

describe.skipIf(noSsh)('what is started', () => {
  const web = { ...machine, name: 'web', target: 'machine/web', provider: 'machined' } as const;
  const both = async () => ({ machines: [machine, web], warnings: [] });
  const install = async (args: Record<string, string | true>, to = home.io()) => {
    await home.install(configOptions({ positionals: [], options: args }), to, both);
    const lines = readFileSync(home.own, 'utf8').match(/(?<=ProxyCommand ).*/g) ?? [];
    const started = lines.flatMap(
      (line) => / (--start\S*) .*(qemu\/mint|machine\/web) /.exec(line)?.slice(1) ?? [],
    );
    const { start } = state().options;
    return { start, started: started.join(' '), said: to.stderr.join('') };
  };

  it('config install --start starts where ssh has a terminal, stays, and is taken back', async () => {
    const on = '--start-on-terminal';
    const want = { start: 'terminal', started: `${on} qemu/mint ${on} machine/web`, said: '' };
    expect(await install({ start: true })).toEqual(want);
    expect(await install({})).toEqual(want);
    expect(await install({ 'no-start': true })).toEqual({ start: [], started: '', said: '' });
  });

  it.each([
    { names: 'web', started: '--start machine/web' },
    { names: 'qemu/mint,web', started: '--start qemu/mint --start machine/web' },
    {
      names: 'gone',
      started: '',
      said: 'vmssh: warning: --start=gone: no machine has that Host or target\n',
    },
  ])(
    'config install --start=$names starts these for any program, and stays',
    async ({ names, started, said = '' }) => {
      await install({ start: true });
      const want = { start: names.split(','), started, said };
      expect(await install({ start: names })).toEqual(want);
      expect(await install({})).toEqual(want);
    },
  );

  it.each(['', ',', 'a,'])('--start=%s names nothing', (start) => {
    expect(() => configOptions({ positionals: [], options: { start } })).toThrow(
      '--start takes names of machines',
    );
  });
});

describe.skipIf(noSsh)('the variables that are kept', () => {
  const colima = { ...machine, name: 'colima', target: 'lima/colima', provider: 'lima' } as const;
  /** As limactl does, it has the instances of one folder. */
  const lima: FindMachines = async ({ env }) => ({
    machines: env.LIMA_HOME === '/c/_lima' ? [colima] : [],
    warnings: [],
  });
  const inFolder = { LIMA_HOME: '/c/_lima' };
  const proxy = () => /^Host colima$\n +ProxyCommand (.*)/m.exec(readFileSync(home.own, 'utf8'))?.[1];
  const kept = () => state().machines.map((each) => each.environment);

  it('a Host has the variables by which its machine was found, for ssh and for its host key', async () => {
    await home.install({}, home.io(inFolder), lima);
    expect(proxy()).toMatch(/^\/usr\/bin\/env LIMA_HOME=\/c\/_lima \S.* proxy /);
    expect(kept()).toEqual([inFolder]);
    const text = readFileSync(home.own, 'utf8');
    for (const [line] of text.slice(text.indexOf('Host colima')).matchAll(/KnownHostsCommand .*/g))
      expect(line).toMatch(/^KnownHostsCommand \/usr\/bin\/env "LIMA_HOME=\/c\/_lima" \//);
  });

  it('a Host of a machine that no variable chose has none', async () => {
    await home.install({}, home.io(), async () => ({ machines: [colima], warnings: [] }));
    expect(proxy()).not.toContain('env ');
    expect(kept()).toEqual([undefined]);
  });

  it('the next install without the variable finds the machine, and one that sets it to nothing does not', async () => {
    await home.install({}, home.io(inFolder), lima);
    const to = home.io();
    await home.install({}, to, lima);
    expect(to.stdout).toEqual(['✓ Up to date: ssh colima\n']);
    writeTree(join(home.path, 'bin'), { limactl: '#!/bin/sh\n' });
    await home.install({}, home.io({ LIMA_HOME: '', PATH: join(home.path, 'bin') }), lima);
    expect(proxy()).toBeUndefined();
  });

  it('a list without the variable leaves the Host, and adds none of another folder', async () => {
    await home.install({ fresh: true }, home.io(inFolder), lima);
    const before = readFileSync(home.own, 'utf8');
    const other = { ...colima, name: 'default', target: 'lima/default' };
    await keepFresh({ machines: [other], warnings: [] }, home.io());
    expect(readFileSync(home.own, 'utf8')).toBe(before);
  });

  it('a Host of an own source stays where another environment does not name it, and goes with the source', async () => {
    const folder = join(home.path, 'shell');
    const environment = { XDG_CONFIG_HOME: folder };
    const written = async (XDG_CONFIG_HOME: string | undefined) => {
      vi.stubEnv('XDG_CONFIG_HOME', XDG_CONFIG_HOME);
      await home.install({}, home.io({ XDG_CONFIG_HOME }));
      return /^Host web\n +ProxyCommand (.*)/m.exec(readFileSync(home.own, 'utf8'))?.[1];
    };
    await home.install();
    const json = JSON.parse(readFileSync(home.state, 'utf8'));
    const web = { host: 'web', name: 'web', target: 'lab/web', provider: 'lab', environment };
    writeFileSync(home.state, JSON.stringify({ ...json, machines: [...json.machines, web] }));
    const desktop = join(home.path, 'desktop');
    expect(await written(desktop)).toContain(`/usr/bin/env XDG_CONFIG_HOME=${folder} `);
    // Without one, what is kept leads to the source, which is not there.
    expect(await written(undefined)).toBe(undefined);
    vi.unstubAllEnvs();
  });

  const secret = 'hunter2';
  const web = { ...machine, name: 'web', target: 'docker/web', provider: 'docker' } as const;
  const docker: FindMachines = async () => ({ machines: [web], warnings: [] });

  it.each([
    { value: `tcp://u:${secret}@10.0.0.1:2376` },
    { value: `ssh://u:${secret}@h` },
    { value: `tcp://${secret}@h` },
    { value: `https://h/?token=${secret}` },
    { value: `${secret}/docker.sock`, why: 'it is no absolute path' },
  ])(
    '$value is not kept, and a line says so',
    async ({ value, why = 'it may have a password or a token' }) => {
      const to = home.io({ DOCKER_HOST: value });
      await home.install({}, to, docker);
      expect(readFileSync(home.own, 'utf8')).toMatch(/^Host web$/m);
      for (const path of [home.own, home.state]) expect(readFileSync(path, 'utf8')).not.toContain(secret);
      expect(to.stderr.join('')).toBe(
        `vmssh: warning: DOCKER_HOST is not kept, since ${why}: ssh finds machines of docker only where it is set\n`,
      );
    },
  );

  it.each(['ssh://u@h', 'tcp://127.0.0.1:2375', 'unix:///d.sock'])('%s is kept', async (value) => {
    await home.install({}, home.io({ DOCKER_HOST: value }), docker);
    expect(kept()).toEqual([{ DOCKER_HOST: value }]);
  });

  it("takes no variable of another kind from a state that anybody's program may have written", async () => {
    await home.install({}, home.io(inFolder), lima);
    const text = readFileSync(home.state, 'utf8').replace('"LIMA_HOME"', '"LD_PRELOAD"');
    writeFileSync(home.state, text);
    expect(kept()).toEqual([undefined]);
  });
});
