import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exact } from '../../src/book/identity.js';
import { parseState } from '../../src/book/state.js';
import { guestAlias, guestFolder } from '../../src/keys/guest-keys.js';
import type { ListedMachine } from '../../src/sources/merge.js';
import { named, useConfigHome } from '../commands/config/home.js';
import { lacks } from '../helpers/programs.js';
import { script, writeTree } from '../helpers/temp-dir.js';

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

const policy = (typed: string) =>
  /^stricthostkeychecking (.*)$/m.exec(
    execFileSync('ssh', ['-T', '-F', home.own, '-G', typed], { encoding: 'utf8' }),
  )?.[1];

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
    const not = ['Web', 'web', 'plain'].flatMap((name) => [`!qemu*/${name}`, `!qemu*%${name}`]);
    const ofId = `${uuid.replaceAll('-', '*')}`;
    expect(names.split(' ')).toEqual(expect.arrayContaining([...not, `!qemu*/${ofId}`]));
    expect(names).toMatch(/^qemu\/\* qemu%\* vsock\/\* vsock%\* /);
  });

  describe.skipIf(lacks('ssh'))('or whose keys were made by guest credentials', () => {
    const plain: ListedMachine = { ...web, name: 'mint', target: 'qemu/mint', uuid: undefined };
    const credentials = (name: string) => {
      const folder = guestFolder(name, { HOME: home.path });
      writeTree(folder, { name: `${name}\n`, known_hosts: `${guestAlias(name)} ssh-ed25519 AAAA\n` });
    };

    it.each([
      { what: 'is listed', machines: [plain], said: 'not --throwaway, since its host key is known: "mint"' },
      { what: 'is not listed yet', machines: [], said: '' },
    ])('is no throwaway by its target: it $what', async ({ machines, said }) => {
      credentials('mint');
      expect(await installed(machines, '2026-03-01', ['qemu/*'])).toContain(said);
      for (const typed of ['qemu/mint', 'qemu%mint', 'qemu:session/mint'])
        expect([typed, policy(typed)]).toEqual([typed, 'ask']);
      for (const typed of ['qemu/new', 'qemu%new']) expect([typed, policy(typed)]).toEqual([typed, 'false']);
    });

    it('is none in another case either, for an ssh that does not ask vmssh', async () => {
      credentials('mint');
      home.write('vmssh_known_hosts', pin('vmssh-qemu%web'));
      script(join(home.path, 'ssh'), 'echo OpenSSH_8.4p1 >&2');
      const all = [plain, { ...plain, name: 'web', target: 'qemu/web' }];
      const found = async () => ({ machines: all, warnings: [] });
      await home.install({ throwaway: ['qemu/*'] }, home.io({ PATH: home.path }), found);
      expect(readFileSync(home.own, 'utf8')).not.toContain('KnownHostsCommand');
      for (const typed of ['qemu/mint', 'qemu/MINT', 'qemu%Mint', 'qemu/Web'])
        expect([typed, policy(typed)]).not.toEqual([typed, 'false']);
      for (const typed of ['qemu/new', 'qemu%new']) expect([typed, policy(typed)]).toEqual([typed, 'false']);
    });
  });

  describe.skipIf(lacks('ssh'))(
    'is no throwaway for an ssh that does not ask vmssh, whatever is typed for it',
    () => {
      interface Row {
        readonly what: string;
        readonly lines: string;
        readonly typed: readonly string[];
        /** Of those with --only-patterns, which lists nothing; undefined: all. */
        readonly only?: readonly string[];
        readonly machines?: readonly ListedMachine[];
      }
      const ids = [`qemu/${uuid}`, `qemu%${uuid.toUpperCase()}`, `machine/${uuid}`, `qemu:session/${uuid}`];
      const both = [{ ...web, also: ['machine/qemu-1-Web'] }];
      const rows: readonly Row[] = [
        {
          ...{ what: 'by its UUID', lines: pin(`vmssh-${uuid}`), machines: both },
          typed: [
            ...ids,
            'qemu/Web',
            'qemu%web',
            'machine/qemu-1-Web',
            'machine%qemu-1-web',
            'qemu:system/Web',
          ],
          only: ids,
        },
        {
          ...{ what: 'on a hypervisor', lines: pin(`vmssh-via%${exact('hv1/far')}`), machines: [far] },
          typed: ['via/hv1/far', 'via%hv1%qemu%far', 'via/hv1/qemu%far', 'via%hv1/qemu/far', 'via/HV1/far'],
          only: ['via/hv1/far', 'via%hv1%far', 'via/hv1%far', 'via/HV1/far'],
        },
        {
          what: 'kept by what was typed',
          lines: pin('qemu%plain') + pin('[machine/new]:2222') + pin('via/hv1/lima/x'),
          typed: ['qemu/plain', 'qemu%plain', 'qemu/Plain', 'machine%new', 'via%hv1/lima%x'],
        },
        {
          what: 'kept by its names, and listed by nothing',
          lines: pin(`vmssh-${uuid}`, 'qemu-session%old', `machine%${exact('Big')}`, 'host%old'),
          typed: ['qemu/old', 'qemu:session/old', 'machine/Big', 'machine/big', `qemu/${uuid}`],
        },
      ];
      const throwaway = ['qemu/*', 'qemu:session/*', 'qemu:system/*', 'machine/*', 'via/*', 'vsock/*'];
      const calls = rows.flatMap(({ typed, only = typed, ...row }) => [
        { ...row, typed, onlyPatterns: false },
        { ...row, typed: only, onlyPatterns: true },
      ]);

      it.each(calls)('known $what, with --only-patterns: $onlyPatterns', async (row) => {
        const { lines, typed, machines = [], onlyPatterns } = row;
        script(join(home.path, 'ssh'), 'echo OpenSSH_8.4p1 >&2');
        home.write('vmssh_known_hosts', lines + pin('vsock/3'));
        const found = async () => ({ machines, warnings: [], asked: ['hv1'] });
        const options = { ...named({ onlyPatterns }), ...(onlyPatterns ? {} : { via: { hosts: ['hv1'] } }) };
        await home.install({ throwaway, ...options }, home.io({ PATH: home.path }), found);
        for (const each of typed) expect([each, policy(each)]).not.toEqual([each, 'false']);
        for (const each of ['qemu/another', 'machine%new2', 'vsock/3', 'via/hv1/lima/other'])
          expect([each, policy(each)]).toEqual([each, 'false']);
      });
    },
  );

  it('is not another one with its name elsewhere', async () => {
    home.write('vmssh_known_hosts', pin('vmssh-podman%web') + pin(`vmssh-${other}`, 'host%other'));
    expect(await installed([web], '2026-03-01', ['Web'])).not.toContain('not --throwaway');
    await installed([], '2026-03-02');
    expect(hosts()).toEqual([]);
  });
});
