import { describe, expect, it } from 'vitest';
import type { ListedMachine } from '../../../src/sources/merge.js';
import { concreteHosts } from '../../../src/ssh/config/hosts.js';
import { sshNames } from '../../../src/ssh/config/names.js';

const uuid = '11111111-2222-4333-8444-555555555555';
const machine = (name: string, target: string, more: Partial<ListedMachine> = {}): ListedMachine => ({
  name,
  target,
  status: 'running',
  provider: target.split('/')[0] ?? '',
  also: [],
  ...more,
});

/** The Hosts of these machines. */
function hostsFor(machines: readonly ListedMachine[]) {
  return concreteHosts(machines, { prefix: 'vm-', taken: () => undefined, knownHosts: '~/k' }).entries;
}

describe('the names that ssh takes', () => {
  const all = [
    machine('web', 'machine/web', { uuid }),
    machine("it's 100% proxy", "machine/it's 100% proxy"),
    machine('Größe', 'lima/Größe'),
    machine('twice', 'incus/twice'),
    machine('twice', 'lima/twice'),
  ];
  const want = ['vm-web', 'vm-it-s-100-proxy', 'vm-Größe', 'vm-twice-incus', 'vm-twice-lima'];

  it('are the Hosts of config install', () => {
    const names = sshNames(hostsFor(all), all);
    expect(all.map((each) => names.get(each))).toEqual(want);
  });

  it('are of the machine that the Host leads to, whoever lists it', () => {
    const domain = machine('web', 'qemu/web', { also: ['machine/web'] });
    const other = machine('web', 'lima/web');
    const names = sshNames(hostsFor(all), [domain, other]);
    expect([names.get(domain), names.get(other)]).toEqual(['vm-web', undefined]);
  });

  it('are none without Hosts', () => {
    expect(sshNames([], all).size).toBe(0);
  });

  it('are none for two machines that one Host may lead to', () => {
    const [web] = all;
    expect(web && sshNames(hostsFor([web]), [web, { ...web }]).size).toBe(0);
  });
});
