import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConnectError } from '../../src/base/errors.js';
import { aliasOf, goneSince } from '../../src/book/names.js';
import { formatState, noState, parseState } from '../../src/book/state.js';
import { ifGone } from '../../src/commands/proxy/proxy.js';
import { forget, forgetGone } from '../../src/commands/ssh/forget.js';
import { concreteHosts } from '../../src/hosts/hosts.js';
import type { MachinesFound } from '../../src/machines/find-machines.js';
import { takingBack } from '../../src/setup/steps.js';
import type { ListedMachine } from '../../src/sources/merge.js';
import { named, useConfigHome } from '../commands/config/home.js';
import { lacks } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { writeTree } from '../helpers/temp-dir.js';

const home = useConfigHome();
const id = (digit: number) => `${String(digit).repeat(8)}-2222-4333-8444-555555555555`;
const mint: ListedMachine = {
  ...{ name: 'mint', target: 'qemu/mint', provider: 'libvirt' },
  ...{ status: 'running', uuid: id(1), also: [] },
};
const dev: ListedMachine = {
  ...{ name: 'dev', target: 'podman/dev', provider: 'podman', container: { id: 'f00', labels: {} } },
  ...{ status: 'running', uuid: id(2), also: [] },
};
const pinned = (machine: ListedMachine, name: string) =>
  home.write('vmssh_known_hosts', `vmssh-${machine.uuid} ssh-ed25519 AAAA ${name}\n`);

/** Writes the Hosts for what a listing of that day had. */
async function listed(machines: readonly ListedMachine[], day: string, more: Partial<MachinesFound> = {}) {
  // Without its program a source of machines could not be asked.
  writeTree(join(home.path, 'bin'), { podman: '#!/bin/sh\n' });
  const to = home.io({ PATH: join(home.path, 'bin') });
  const code = await home.install({}, to, async () => ({ machines, warnings: [], day, ...more }));
  expect(code).toBe(0);
  return to.stderr.join('');
}

/** What ssh would call for a name; undefined: it is a name of the network. */
async function calls(name: string): Promise<string | undefined> {
  const { stdout } = await run(['ssh', '-F', home.own, '-G', name]);
  return /^proxycommand .*proxy .* (\S+) %p$/m.exec(stdout)?.[1]?.replaceAll(/["']/g, '');
}

const gone = () =>
  parseState(readFileSync(home.state, 'utf8')).state.machines.map(({ host, gone }) => [host, gone]);

interface Asked {
  readonly warnings?: MachinesFound['warnings'];
  readonly env?: Record<string, string>;
}

const keys = () => readFileSync(join(home.path, '.ssh/vmssh_known_hosts'), 'utf8');

/** What `forget --gone` prints where these machines are listed. */
async function gonesForgotten(machines: ListedMachine[] = [], { warnings = [], env }: Asked = {}) {
  // Without its program a source of machines could not be asked.
  const to = home.io(env ?? { PATH: join(home.path, 'bin') });
  await forgetGone(to, async () => ({ machines, warnings }));
  return (to.stderr.join('') || to.stdout.join('')).trimEnd().split('\n');
}

describe.skipIf(lacks('ssh'))('the name of a machine that a listing lacks', () => {
  it('stays its own if somebody has logged in to it, until forget --gone ends it and its key', async () => {
    await listed([mint], '2026-03-01');
    pinned(mint, 'host%mint');
    expect(await listed([], '2026-03-02')).toContain(
      'off or gone, with their names kept: mint: vmssh forget',
    );
    expect(await listed([], '2027-03-20')).not.toContain('gone');
    expect(gone()).toEqual([['mint', '2026-03-02']]);
    expect(await calls('mint')).toBe('qemu/mint');
    expect(await goneSince('qemu/mint', home.io().env)).toBe('mint of libvirt is gone since 2026-03-02');
    const login = (problem: string) =>
      ifGone(new ConnectError('resolve', 'mint', { code: 'NOT_FOUND', problem }), 'qemu/mint', home.io());
    expect((await login('none')).problem).toBe('mint of libvirt is gone since 2026-03-02: none');
    expect((await login('"mint" is off')).problem).toBe('"mint" is off');
    expect(await gonesForgotten()).toEqual([
      `✓ Forgot the host key of "mint", also known as ${mint.uuid}`,
      'the name "mint" is free again: its Host is gone',
    ]);
    expect([await calls('mint'), gone(), keys()]).toEqual([undefined, [], '']);
    expect(await gonesForgotten()).toEqual(['nothing is kept of a machine that is gone']);
  });

  it('stays while its source cannot be asked, however long, and forget ends it where nothing can ask it', async () => {
    const warnings = [{ provider: 'libvirt', code: 'ETIMEDOUT', problem: 'did not answer' }];
    await listed([mint], '2026-03-01');
    pinned(mint, 'host%mint');
    expect(await listed([], '2029-05-01', { warnings })).toContain('kept as they were: mint');
    expect([await calls('mint'), gone()]).toEqual(['qemu/mint', [['mint', undefined]]]);
    await listed([dev], '2029-05-02', { warnings });
    rmSync(join(home.path, 'bin/podman'));
    const to = home.io({ PATH: join(home.path, 'bin') });
    expect(await forget.run({ targets: ['dev'], gone: false }, to)).toBe(0);
    expect([await calls('mint'), await calls('dev')]).toEqual(['qemu/mint', undefined]);
  });

  it('ends alone where the machine has another name now, and stays that of a container that is off', async () => {
    const old = { ...mint, name: 'old', target: 'qemu/old', uuid: id(3) };
    await listed([mint, dev, old], '2026-03-01');
    home.write(
      'vmssh_known_hosts',
      [mint, dev, old].map(({ uuid }) => `vmssh-${uuid} ssh-ed25519 AAAA\n`).join(''),
    );
    await listed([], '2026-03-02');
    await gonesForgotten([
      { ...mint, name: 'new', target: 'qemu/new' },
      { ...dev, status: 'off' },
    ]);
    expect([await calls('mint'), await calls('dev'), await calls('old')]).toEqual([
      undefined,
      'podman/dev',
      undefined,
    ]);
    expect(keys()).toBe(`vmssh-${mint.uuid} ssh-ed25519 AAAA\nvmssh-${dev.uuid} ssh-ed25519 AAAA\n`);
  });

  it('stays with its key after forget --gone while its source or hypervisor gives no answer', async () => {
    const far = { ...mint, name: 'far', target: 'via/hv1/qemu/far', uuid: id(3), via: 'hv1' };
    await home.install({ via: { hosts: ['hv1'] } }, home.io(), async () => ({
      ...{ machines: [mint, dev, far], warnings: [], day: '2026-03-01', asked: ['hv1'] },
    }));
    const all = [mint, dev, far].map((machine) => `${aliasOf(machine)} ssh-ed25519 AAAA\n`).join('');
    home.write('vmssh_known_hosts', all);
    await listed([], '2026-03-02', { asked: ['hv1'] });
    const silent = [{ provider: 'libvirt', code: 'ETIMEDOUT', problem: 'did not answer' }];
    const env = { PATH: join(home.path, 'empty') };
    const kept = 'vmssh: kept, as their source was not asked or gave no answer: ';
    expect(await gonesForgotten([], { warnings: silent, env })).toEqual([
      `${kept}mint (libvirt), dev (podman), far.hv1 (libvirt)`,
      expect.stringContaining('vmssh forget NAME'),
    ]);
    expect(keys()).toBe(all);
    const elsewhere = { PATH: join(home.path, 'bin'), VAGRANT_HOME: '/elsewhere' };
    expect((await gonesForgotten([], { env: elsewhere }))[0]).toBe(
      `${kept}mint (libvirt), far.hv1 (libvirt)`,
    );
    expect([await calls('mint'), await calls('dev')]).toEqual(['qemu/mint', undefined]);
    expect((await gonesForgotten())[0]).toBe(`${kept}far.hv1 (libvirt)`);
    expect([await calls('mint'), await calls('far.hv1')]).toEqual([undefined, 'via/hv1/qemu/far']);
  });

  const far = { ...mint, name: 'far', target: 'via/hv1/qemu/far', uuid: id(3), via: 'hv1' };

  it.each([
    ...['mint', 'MINT', 'ann@mint', 'ssh://ann@mint:22'].map((typed) => ({ typed, machine: mint })),
    ...['qemu/mint', 'qemu%mint', 'QEMU/mint', 'ann@qemu/mint'].map((typed) => ({ typed, machine: mint })),
    ...[id(1), id(1).toUpperCase(), id(1).replaceAll('-', '')].map((typed) => ({ typed, machine: mint })),
    ...['far.hv1', 'via/hv1/far', 'via%hv1%qemu%far', 'VIA/HV1/FAR'].map((typed) => ({
      typed,
      machine: far,
    })),
    ...['via/hv1/QEMU/far', `via/hv1/${id(3)}`].map((typed) => ({ typed, machine: far })),
  ])('is free again after forget $typed, with its key', async ({ typed, machine }) => {
    const to = home.io({ PATH: join(home.path, 'empty') });
    const on = async (machines: readonly ListedMachine[], day: string) =>
      home.install({ via: { hosts: ['hv1'] } }, home.io({ PATH: join(home.path, 'bin') }), async () => ({
        ...{ machines, warnings: [], day, asked: ['hv1'] },
      }));
    await on([machine], '2026-03-01');
    home.write('vmssh_known_hosts', `${aliasOf(machine)} ssh-ed25519 AAAA host%mint host%far.hv1\n`);
    await on([], '2026-03-02');
    expect(gone()).toEqual([[machine === mint ? 'mint' : 'far.hv1', '2026-03-02']]);
    expect(await forget.run({ targets: [typed], gone: false }, to)).toBe(0);
    expect([gone(), keys()]).toEqual([[], '']);
  });

  it.each([
    ...['qemu/mint', 'qemu%mint', 'QEMU/mint'].map((typed) => ({ typed, name: 'mint' })),
    ...['via/hv1/far', 'via%hv1%qemu%far', 'via/hv1/QEMU/far'].map((typed) => ({ typed, name: 'far' })),
    ...['mint', 'far.hv1'].map((typed) => ({ typed, name: undefined })),
  ])('says since when $typed is gone', async ({ typed, name }) => {
    const hosts = concreteHosts([mint, far], { prefix: '', taken: () => undefined, knownHosts: '' }).entries;
    const machines = hosts.map((each) => ({ ...each, gone: '2026-03-02' }));
    const env = home.io().env;
    mkdirSync(join(home.path, '.local/state/vmssh'), { recursive: true });
    writeFileSync(home.state, formatState({ ...noState, machines }));
    expect(await goneSince(typed, env)).toBe(name && `${name} of libvirt is gone since 2026-03-02`);
  });

  it('is kept for a login that setup made, and for a key that is pinned by the name only', async () => {
    await listed([mint, { ...dev, uuid: undefined }], '2026-03-01');
    home.keepLogin(mint, { uuid: id(1), user: 'ann' });
    home.write('vmssh_known_hosts', 'vmssh-podman%dev ssh-ed25519 AAAA\n');
    await listed([], '2026-03-02');
    expect([await calls('mint'), await calls('dev')]).toEqual(['qemu/mint', 'podman/dev']);
    const login = () => parseState(readFileSync(home.state, 'utf8')).state.machines.map((each) => each.login);
    expect(login()).toEqual([{ uuid: id(1), user: 'ann' }, undefined]);
    await gonesForgotten();
    expect(login()).toEqual([]);
  });

  const records = () => parseState(readFileSync(home.state, 'utf8')).state.machines;

  /** A login that setup made, of a machine that has no Host. */
  async function withoutHosts() {
    await listed([mint], '2026-03-01');
    home.keepLogin(mint, { uuid: id(1), user: 'ann' });
    pinned(mint, 'qemu%mint');
    await home.install(named({ onlyPatterns: true }), home.io());
    expect(records()).toMatchObject([{ name: 'mint', login: { user: 'ann' } }]);
  }

  it.each(['mint', 'MINT', 'qemu/mint', 'qemu%mint', id(1)])(
    'is none of a record that has only its login, and forget %s reaches that',
    async (typed) => {
      await withoutHosts();
      const to = home.io({ PATH: join(home.path, 'empty') });
      await forget.run({ targets: [typed], gone: false }, to);
      expect(to.stdout.join('')).toContain('the login that setup made for "mint" is not kept any more\n');
      expect([records(), keys()]).toEqual([[], '']);
    },
  );

  it.each([
    { name: 'forget --gone', typed: [] },
    { name: 'forget via/hv1/mint', typed: ['via/hv1/mint'] },
    { name: 'forget mint', typed: ['mint'] },
  ])(
    'is none of such a record behind a hypervisor that nobody asked, which $name keeps',
    async ({ typed }) => {
      await withoutHosts();
      const { state } = parseState(readFileSync(home.state, 'utf8'));
      const machines = state.machines.map((each) => ({ ...each, target: 'via/hv1/qemu/mint', via: 'hv1' }));
      writeFileSync(home.state, formatState({ ...state, machines }));
      const to = home.io({ PATH: join(home.path, 'empty') });
      if (typed.length > 0) await forget.run({ targets: typed, gone: false }, to);
      else await forgetGone(to, async () => ({ machines: [], warnings: [] }));
      expect(records()).toMatchObject([{ name: 'mint', login: { user: 'ann' } }]);
      expect(to.stderr.join('')).toMatch(
        typed.length > 0 ? '' : /mint \(libvirt\)\nhint: vmssh setup --undo NAME/,
      );
    },
  );

  it.each(['mint', 'qemu/mint'])(
    'is none of such a record, which setup --undo finds by %s',
    async (typed) => {
      await withoutHosts();
      const flags = {
        noConfig: false,
        install: false,
        bring: false,
        restart: false,
        vsock: false,
        all: false,
      };
      const more = { takeName: false, unproved: false, sharedHome: false, user: undefined, by: undefined };
      const options = { ...flags, ...more, key: undefined, hostKey: undefined };
      const io = home.io({ PATH: join(home.path, 'empty') });
      const ways = { options, io, signal: new AbortController().signal, show() {} };
      const { target, setup } = await takingBack(ways).plan(typed);
      expect([target, setup.gone?.login?.user]).toEqual(['qemu/mint', 'ann']);
    },
  );

  it('is none of such a record, which forget --gone ends if no source has its machine by any name', async () => {
    await withoutHosts();
    const nothing = ['nothing is kept of a machine that is gone'];
    expect(await gonesForgotten([mint])).toEqual(nothing);
    expect(await gonesForgotten([{ ...mint, name: 'new', target: 'qemu/new' }])).toEqual(nothing);
    const silent = [{ provider: 'libvirt', code: 'ETIMEDOUT', problem: 'did not answer' }];
    expect((await gonesForgotten([], { warnings: silent }))[0]).toMatch(/gave no answer: mint \(libvirt\)$/);
    expect(records()).toHaveLength(1);
    expect((await gonesForgotten()).at(-1)).toBe('the login that setup made for "mint" is not kept any more');
    expect([records(), keys()]).toEqual([[], '']);
  });

  it('goes with its login to the name that it has now', async () => {
    await listed([mint], '2026-03-01');
    home.keepLogin(mint, { uuid: id(1), user: 'ann' });
    pinned(mint, 'host%mint');
    await listed([{ ...mint, name: 'new', target: 'qemu/new' }], '2026-03-02');
    const all = parseState(readFileSync(home.state, 'utf8')).state.machines;
    expect(all.map(({ host, login }) => [host, login?.user])).toEqual([
      ['new', 'ann'],
      ['mint', undefined],
    ]);
    expect(readFileSync(home.own, 'utf8').match(/^ {4}User ann$/gm)).toHaveLength(1);
  });

  it('gives its login back to the machine with the key, once that is listed beside the one that has its name now', async () => {
    await listed([mint], '2026-03-01');
    home.keepLogin(mint, { uuid: id(1), user: 'ann', brings: true });
    const again = { ...mint, uuid: id(3) };
    await listed([again], '2026-03-02');
    await listed([again, { ...mint, name: 'old', target: 'qemu/old' }], '2026-03-03');
    const all = parseState(readFileSync(home.state, 'utf8')).state.machines;
    expect(all.map(({ host, uuid, login }) => [host, uuid, login?.user])).toEqual([
      ['mint', id(3), undefined],
      ['old', id(1), 'ann'],
    ]);
  });

  it('goes at once if nobody uses the machine, with the day if it comes back', async () => {
    await listed([mint, dev], '2026-03-01');
    pinned(mint, 'host%mint');
    await listed([], '2026-03-02');
    expect(await calls('dev')).toBe(undefined);
    expect(await listed([mint], '2026-03-05')).not.toContain('gone');
    expect(gone()).toEqual([['mint', undefined]]);
    await listed([], '2026-03-09');
    expect(gone()).toEqual([['mint', '2026-03-09']]);
  });

  it('is its own again when it comes back, unless another machine has it by then', async () => {
    const twin = { ...mint, target: 'lima/mint', provider: 'lima', uuid: undefined };
    await listed([mint], '2026-03-01');
    pinned(mint, 'host%mint');
    await listed([mint, twin], '2026-03-02');
    await listed([], '2026-03-03');
    await listed([mint, twin], '2026-03-04');
    expect([await calls('mint'), await calls('mint-lima')]).toEqual(['qemu/mint', 'lima/mint']);
    await listed([], '2026-03-05');
    // A new machine takes the name of one that is gone at once.
    await listed([{ ...twin, target: 'lima/other' }], '2026-03-06');
    expect(await calls('mint')).toBe('lima/other');
    await listed([mint, { ...twin, target: 'lima/other' }], '2026-03-07');
    expect([await calls('mint'), await calls('mint-libvirt')]).toEqual(['lima/other', 'qemu/mint']);
  });

  it('stays that of a container that is off', async () => {
    await listed([dev], '2026-03-01');
    pinned(dev, 'podman%dev');
    await listed([{ ...dev, status: 'off' }], '2026-03-02');
    expect(await calls('dev')).toBe('podman/dev');
  });

  it('stays when the machine has another name', async () => {
    await listed([mint], '2026-03-01');
    pinned(mint, 'qemu%mint');
    await listed([{ ...mint, name: 'new', target: 'qemu/new' }], '2026-03-02');
    expect([await calls('mint'), await calls('new')]).toEqual(['qemu/mint', 'qemu/new']);
  });

  it("is taken at once by a machine that is listed, but not by another hypervisor's", async () => {
    await listed([mint], '2026-03-01');
    pinned(mint, 'qemu%mint');
    await listed([], '2026-03-02');
    await listed([{ ...dev, name: 'mint', target: 'podman/mint' }], '2026-03-03');
    expect(await calls('mint')).toBe('podman/mint');
    expect(gone()).toEqual([['mint', undefined]]);
  });

  it('is that of the machine that had it, once another manager has one of the name', async () => {
    await listed([mint], '2026-03-01');
    await listed([mint, { ...dev, name: 'mint', target: 'podman/mint' }], '2026-03-02');
    expect([await calls('mint'), await calls('mint-podman')]).toEqual(['qemu/mint', 'podman/mint']);
  });

  it('is that of the one that runs, and stays its own when another of one manager has it too', async () => {
    const scoped = (scope: string, more: Partial<ListedMachine>) =>
      ({ ...mint, target: `qemu:${scope}/mint`, ...more }) as const;
    const other = scoped('session', { uuid: id(3), status: 'off' });
    await listed([scoped('system', {}), other], '2026-03-01');
    expect(await calls('mint')).toBe('qemu:system/mint');
    await listed([mint], '2026-03-02');
    await listed([scoped('system', { status: 'off' }), { ...other, status: 'running' }], '2026-03-03');
    expect(await calls('mint')).toBe('qemu:system/mint');
  });

  it('goes with a new prefix, with --only-patterns, and after 1,000 that went later', async () => {
    await listed([mint], '2026-03-01');
    pinned(mint, 'qemu%mint');
    const names = { prefix: 'vm-', onlyPatterns: false };
    await home.install({ names }, home.io(), async () => ({ machines: [mint], warnings: [] }));
    expect([await calls('mint'), await calls('vm-mint')]).toEqual([undefined, 'qemu/mint']);
    const many = Array.from({ length: 1001 }, (_, i) => ({
      ...mint,
      ...{ name: `m${i}`, target: `qemu/m${i}`, uuid: `${id(3).slice(0, -4)}${1000 + i}` },
    }));
    mkdirSync(join(home.path, '.ssh'), { recursive: true });
    const lines = many.map(({ uuid }) => `vmssh-${uuid} ssh-ed25519 AAAA\n`);
    writeFileSync(join(home.path, '.ssh/vmssh_known_hosts'), lines.join(''));
    await listed(many, '2026-03-01');
    await listed(many.slice(1), '2026-03-02');
    await listed([], '2026-03-03');
    expect(gone()).toHaveLength(1000);
    expect(await calls('m0')).toBe(undefined);
    await home.install({ names: { prefix: '', onlyPatterns: true } });
    expect(gone()).toEqual([]);
  });
});
