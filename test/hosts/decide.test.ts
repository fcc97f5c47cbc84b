import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exact } from '../../src/book/identity.js';
import { parseState } from '../../src/book/state.js';
import type { ListedMachine } from '../../src/sources/merge.js';
import { useConfigHome } from '../commands/config/home.js';

const home = useConfigHome();
const uuid = '11111111-2222-4333-8444-555555555555';
const other = '99999999-2222-4333-8444-555555555555';
const web: ListedMachine = {
  ...{ name: 'Web', target: 'qemu/Web', provider: 'libvirt' },
  ...{ status: 'running', uuid, also: [] },
};
const far: ListedMachine = { ...web, name: 'far', target: 'via/hv1/qemu/far', via: 'hv1', uuid: undefined };

/** Writes the Hosts; what is said on stderr. */
async function installed(machines: readonly ListedMachine[], day: string, throwaway: readonly string[] = []) {
  const to = home.io();
  const found = { machines, warnings: [], day, asked: ['hv1'] };
  await home.install({ throwaway, via: { hosts: ['hv1'] } }, to, async () => found);
  return to.stderr.join('');
}

const hosts = () => parseState(readFileSync(home.state, 'utf8')).state.machines.map(({ host }) => host);

const pin = (alias: string, ...names: readonly string[]) =>
  `${[alias, 'ssh-ed25519', 'AAAA', ...names].join(' ')}\n`;

/** As a login keeps a key: by what a machine is known, and by what it was meant. */
const keptAs: readonly { readonly by: string; readonly machine: ListedMachine; readonly line: string }[] = [
  { by: 'its UUID', machine: web, line: pin(`vmssh-${uuid}`) },
  { by: 'its target, from before it had a UUID', machine: web, line: pin(`vmssh-qemu%${exact('Web')}`) },
  { by: 'its Host, in whatever case', machine: web, line: pin(`vmssh-${other}`, 'host%web') },
  { by: 'its Host, as it is', machine: web, line: pin(`vmssh-${other}`, `host%${exact('Web')}`) },
  { by: 'its target, typed', machine: web, line: pin(`vmssh-${other}`, `qemu%${exact('Web')}`) },
  {
    by: 'its name on a hypervisor, from before it had a Host',
    machine: far,
    line: pin(`vmssh-via%${exact('hv1/far')}`),
  },
];

describe('a machine whose key is known', () => {
  it.each(keptAs)('by $by is no throwaway, and keeps its name when it is gone', async ({ machine, line }) => {
    const host = machine === far ? 'far.hv1' : 'Web';
    home.write('vmssh_known_hosts', line);
    const said = await installed([machine], '2026-03-01', [host]);
    expect(said).toContain(`not --throwaway, since its host key is known: "${host}"`);
    await installed([], '2026-03-02');
    expect(hosts()).toEqual([host]);
  });

  it('is none by its target either, which a pattern means', async () => {
    const plain: ListedMachine = { ...web, name: 'plain', target: 'qemu/plain', uuid: undefined };
    home.write('vmssh_known_hosts', pin('vmssh-qemu%plain') + pin(`vmssh-${uuid}`));
    const all = [web, plain, { ...plain, name: 'new', target: 'qemu/new' }];
    const said = await installed(all, '2026-03-01', ['qemu/*', 'vsock/*']);
    expect(said).toContain('not --throwaway, since its host key is known: "Web", "plain"');
    const [, names = ''] = /^Host (qemu\/\*.*)$/m.exec(readFileSync(home.own, 'utf8')) ?? [];
    const not = ['!qemu/Web', '!qemu%Web', '!qemu/web', '!qemu%web', '!qemu/plain', '!qemu%plain'];
    expect(names.split(' ').filter((each) => each.startsWith('!'))).toEqual(not);
    expect(names).toMatch(/^qemu\/\* qemu%\* vsock\/\* vsock%\* /);
  });

  it('is not another one with its name elsewhere', async () => {
    home.write('vmssh_known_hosts', pin('vmssh-podman%web') + pin(`vmssh-${other}`, 'host%other'));
    expect(await installed([web], '2026-03-01', ['Web'])).not.toContain('not --throwaway');
    await installed([], '2026-03-02');
    expect(hosts()).toEqual([]);
  });
});
