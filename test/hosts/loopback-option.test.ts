import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { FindMachines } from '../../src/machines/find-machines.js';
import { parseState } from '../../src/ssh/config/state.js';
import { machine, useConfigHome } from '../commands/config/home.js';

const home = useConfigHome();
const state = () => parseState(readFileSync(home.state, 'utf8')).state;
const portOf = (name: string) => state().machines.find((each) => each.name === name)?.loopback;
const lines = () => readFileSync(home.own, 'utf8');
const of =
  (...machines: Awaited<ReturnType<FindMachines>>['machines']): FindMachines =>
  async () => ({ machines, warnings: [] });

const uuid = '01234567-89ab-4def-8123-456789abcdef';
const web = { ...machine, name: 'web', target: 'qemu/web', uuid };

it('gives the Host of a machine host and port, its proxy both meanings of the port, and takes all back', async () => {
  await home.install({ loopback: 'own' });
  const port = portOf('mint');
  expect(lines()).toContain(`Host mint\n    HostName 127.0.0.1\n    Port ${port}\n`);
  expect(lines()).toMatch(new RegExp(`proxy (--fdpass )?--loopback=${port} qemu/mint %p\n`));
  expect(lines().match(/^ +Port /gm)).toHaveLength(1);
  await home.install({ asBefore: true });
  expect([portOf('mint'), state().options.loopback]).toEqual([port, 'own']);
  await home.install({ asBefore: true, loopback: 'all' });
  expect([portOf('mint'), state().options.loopback]).toEqual([port, 'all']);
  await home.install({ asBefore: true, loopback: 'none' });
  expect([portOf('mint'), state().options.loopback, state().gone]).toEqual([undefined, undefined, undefined]);
  expect(lines()).not.toMatch(/loopback|HostName|Port/);
});

it('keeps the port of a machine that is renamed, of one that is gone for a while, and of no other', async () => {
  await home.install({ loopback: 'own' }, home.io(), of(machine, web));
  const ports = [portOf('mint'), portOf('web')];
  await home.install({ loopback: 'own' }, home.io(), of({ ...web, name: 'web2', target: 'qemu/web2' }));
  expect([portOf('mint'), portOf('web2')]).toEqual([undefined, ports[1]]);
  expect([...(state().gone ?? [])]).toEqual([['vmssh-qemu%mint', ports[0]]]);
  await home.install({ loopback: 'own' }, home.io(), of(machine));
  expect(portOf('mint')).toBe(ports[0]);
  await home.install({ loopback: 'own' }, home.io(), of({ ...web, uuid: uuid.replace('0', '1') }));
  expect(portOf('web')).not.toBe(ports[1]);
});

it('a state that somebody wrote by hand gives nothing but ports of the range to names of ours', () => {
  const text = JSON.stringify({
    version: 1,
    options: { loopback: 'everybody' },
    program: [],
    gone: { 'vmssh-a': 29_200, 'vmssh-b': 22, other: 29_201, 'vmssh-c d': 29_202 },
    machines: [{ host: 'm', name: 'm', target: 'qemu/m', provider: 'qemu', loopback: 80 }],
  });
  const { state } = parseState(text);
  expect(state.options.loopback).toBeUndefined();
  expect([...(state.gone ?? [])]).toEqual([['vmssh-a', 29_200]]);
  expect(state.machines[0]?.loopback).toBeUndefined();
});
