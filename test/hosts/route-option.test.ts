import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { settings } from '../../src/hosts/options.js';
import { inEffect } from '../../src/hosts/setting.js';
import { parseState } from '../../src/ssh/config/state.js';
import { configText } from '../../src/ssh/config/text.js';
import { useConfigHome } from '../commands/config/home.js';

const home = useConfigHome();
const proxies = () => readFileSync(home.own, 'utf8').match(/(?<=ProxyCommand ).*/g);
const kept = () => parseState(readFileSync(home.state, 'utf8')).state.options.routes;

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
    kept: undefined,
    lines: expect.not.stringContaining('--route'),
  });
});

it('routes in the state that are none are left out', () => {
  const state = (routes: unknown) => inEffect(settings, {}, { routes }).routes;
  expect(state(['ip', '--start', 7, 'vsock'])).toEqual(['ip', 'vsock']);
  expect(state('ip')).toEqual([]);
  expect(state(['x'])).toEqual([]);
});

it('the Host of a machine on another hypervisor has no --route: that one chooses', () => {
  const hosts = ['qemu/mint', 'via/hv1/mint'].map((target) => ({
    ...{ host: target.replaceAll('/', '-'), about: target },
    options: { target, knownHosts: '/k' },
  }));
  const text = configText({ program: ['vmssh'], fdpass: false, hosts, routes: ['ip'] });
  expect(text.match(/(?<=vmssh proxy ).*mint.*/g)).toEqual(['--route=ip qemu/mint %p', 'via/hv1/mint %p']);
});
