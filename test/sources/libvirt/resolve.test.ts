import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../../src/kinds/kinds.js';
import { askedForQemu, scopesOf } from '../../../src/kinds/machines.js';
import { findMachine } from '../../../src/sources/find.js';
import type { Domain } from '../../../src/sources/libvirt/libvirt.js';
import { libvirtOf } from '../../../src/sources/libvirt/source.js';
import { lima } from '../../../src/sources/managers/lima.js';
import type { DiscoveredMachine, Source, Warning } from '../../../src/sources/source.js';
import { qemu } from '../../../src/sources/vmm/qemu.js';
import type { RouteName } from '../../../src/typed/route.js';
import type { QemuTarget } from '../../../src/typed/target.js';
import { at, byFirstRoute } from '../resolved.js';

const uuids = ['11111111-2222-4333-8444-555555555555', '21111111-2222-4333-8444-555555555555'] as const;
const mint: Domain = { name: 'mint', uuid: uuids[0], id: 7, cid: 42, status: 'running', scope: 'system' };
const own: Domain = { ...mint, uuid: uuids[1], cid: 43, scope: 'user' };
const process: DiscoveredMachine = {
  ...{ name: 'raw', target: 'qemu/raw', status: 'running', provider: 'qemu' },
  ...at('vsock/9'),
};
const context = (text: string) => ({
  ...({ text, port: 22, env: {}, platform: 'linux', exists: () => false } as const),
});
const warning = { provider: 'libvirt', code: 'FAILED', problem: 'virsh: no' };

function resolve(
  text: string,
  domains: readonly Domain[],
  warnings = [] as (typeof warning)[],
  found: readonly DiscoveredMachine[] = [process],
  routes?: readonly RouteName[],
) {
  const { name, scope } = parseTarget(text) as QemuTarget;
  const processes = async () => ({ found, warnings: [] });
  const libvirt = libvirtOf(scopesOf[scope], {
    domains: async (_deps, scopes) => ({
      domains: domains.filter(({ scope }) => scopes.includes(scope)),
      warnings,
    }),
    processes,
    addresses: async ({ name }) => (name === 'mint' ? ['192.0.2.7'] : []),
  });
  const sources = [libvirt, { ...qemu, list: processes }].map((source) => async () => source as Source);
  return findMachine(sources, name, { ...context(text), routes }, askedForQemu).then(byFirstRoute);
}

describe('a name that a libvirtd without an answer may have too', () => {
  const silent = { provider: 'libvirt', code: 'TIMEOUT', problem: 'qemu:///system: no answer within 10 s' };
  it.each([
    { name: 'a domain of the other libvirtd', input: 'qemu/mint', domains: [own], type: `qemu/${uuids[1]}` },
    { name: 'a QEMU of no libvirtd', input: 'qemu/raw', domains: [mint], type: 'vsock/9' },
  ])('is refused: $name', async ({ input, domains, type }) => {
    const problem = 'may also be a machine of a source that did not answer: qemu:///system';
    await expect(resolve(input, domains, [silent])).rejects.toMatchObject({
      ...{ code: 'TIMEOUT', problem: expect.stringContaining(problem) },
      hint: expect.stringContaining(`type "${type}"`),
    });
  });

  it('is an id: no other machine has it', async () => {
    expect(await resolve(`qemu/${uuids[1]}`, [own], [silent])).toMatchObject({ endpoint: { cid: 43 } });
  });
});

describe('a libvirt domain', () => {
  it.each([
    { name: 'its name', input: 'qemu/mint', domains: [mint], want: 42 },
    { name: 'its name in another case', input: 'qemu/MINT', domains: [mint], want: 42 },
    { name: 'its UUID', input: `qemu/${uuids[0]}`, domains: [mint, own], want: 42 },
    { name: 'its number', input: 'qemu/7', domains: [mint], want: 42 },
    { name: 'its slug', input: 'qemu/Mint-22', domains: [{ ...mint, name: 'Mint 22' }], want: 42 },
    { name: "the system's before the user's", input: 'qemu/mint', domains: [mint, own], want: 42 },
    { name: "the user's, if asked for", input: 'qemu:session/mint', domains: [mint, own], want: 43 },
    { name: 'the arguments of its QEMU', input: 'qemu/raw', domains: [mint], want: 9 },
  ])('is found by $name', async ({ input, domains, want }) => {
    const endpoint = { family: 'vsock', cid: want, port: 22 };
    expect(await resolve(input, domains)).toMatchObject({ endpoint });
  });

  it('that nothing has is looked for in vmssh list first: it may have been a QEMU of no libvirtd', async () => {
    const hint = 'see vmssh list, and for libvirt virsh list --all';
    await expect(resolve('qemu/nope', [])).rejects.toMatchObject({ hint });
  });

  it('whose XML has no vsock device is reached as its QEMU shows: by a device in its extra arguments', async () => {
    const bare = { ...mint, cid: undefined };
    const started = { ...process, name: 'mint', uuid: uuids[0] };
    const found = await resolve('qemu/mint', [bare], [], [{ ...started, uuid: uuids[1] }, started]);
    expect(found).toMatchObject({ endpoint: { family: 'vsock', cid: 9, port: 22 } });
    const off = resolve('qemu/mint', [{ ...bare, status: 'off' }], [], [started]);
    await expect(off).rejects.toMatchObject({ problem: '"mint" is off' });
  });

  it('is reached by the address that libvirt gave it only if that was asked for', async () => {
    const byCid = await resolve('qemu/mint', [mint]);
    expect(byCid.endpoint).toMatchObject({ family: 'vsock' });
    expect(byCid).not.toHaveProperty('rest');
    const endpoint = { family: 'tcp', host: '192.0.2.7', port: 22 };
    expect(await byCid.askIp?.()).toMatchObject({ endpoint });
    const bare = { ...mint, cid: undefined };
    await expect(resolve('qemu/mint', [bare], [], [])).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const byIp = await resolve('qemu/mint', [bare], [], [], ['ip']);
    expect(await byIp.askIp?.()).toMatchObject({ endpoint });
  });

  it.each([
    {
      name: 'is off',
      domains: [{ ...mint, status: 'off' as const }],
      problem: '"mint" is off',
      hint: 'virsh -c qemu:///system start mint',
    },
    {
      name: 'has no vsock device',
      domains: [{ ...own, cid: undefined }],
      problem: 'libvirt knows "mint", but neither its vsock CID nor an address',
      hint: 'vmssh setup qemu/mint',
    },
    {
      name: 'is one of several',
      input: 'qemu/MINT',
      domains: [{ ...mint, name: 'Mint' }, own].map((each) => ({ ...each, scope: mint.scope })),
      code: 'AMBIGUOUS',
      final: true,
      problem: '"MINT" may be "qemu/Mint" or "qemu/mint"',
    },
    {
      name: 'is not there',
      input: 'qemu/nope',
      domains: [mint],
      problem: 'QEMU has no machine "nope": found "mint", "raw"; virsh: no (FAILED)',
    },
  ])(
    'that $name',
    async ({ input = 'qemu/mint', domains, code = 'NOT_FOUND', final = false, problem, hint }) => {
      const want = { op: 'resolve', target: input, code, final, problem, hint: hint ?? expect.any(String) };
      await expect(resolve(input, domains, [warning])).rejects.toMatchObject(want);
    },
  );
});

describe('a machine of a manager', () => {
  const found: DiscoveredMachine = {
    ...{ name: 'default', target: 'lima/default', status: 'running', provider: 'lima' },
    ...{ ...at('127.0.0.1:60022'), user: 'u', identityFile: '/.lima/_config/user' },
  };
  const ask = (name: string, machines = [found], warnings: readonly Warning[] = []) => {
    const list = async () => ({ found: machines, warnings });
    return findMachine([async () => ({ ...lima, list })], name, context(`lima/${name}`)).then(byFirstRoute);
  };

  it('leads to its address, with its user and key', async () => {
    expect(await ask('default')).toEqual({
      endpoint: { family: 'tcp', host: '127.0.0.1', port: 60022 },
      steps: ['lima knows "default" (running)', 'it has the SSH address "127.0.0.1:60022"'],
      user: 'u',
      identityFile: '/.lima/_config/user',
    });
  });

  it('that is off, and has a name which a shell would run, is quoted in the hint', async () => {
    const uuid = '8495db59-ee59-4938-bf3b-c78365a6940b';
    const odd = { ...found, name: 'x;id', uuid, status: 'off' as const };
    await expect(ask(uuid, [odd])).rejects.toMatchObject({
      hint: `limactl start 'x;id'`,
    });
  });

  it.each<{ name: string; of: readonly Partial<DiscoveredMachine>[]; want: object; warns?: Warning }>([
    {
      name: 'is off',
      of: [{ status: 'off' }],
      want: { hint: 'limactl start default' },
    },
    { name: 'has no address', of: [{ routes: [] }], want: { hint: 'is it up? limactl list' } },
    {
      name: 'is starting',
      of: [{ routes: [], status: 'starting' }],
      want: { problem: '"default" is starting, and has no address yet', hint: 'use --wait until it is up' },
    },
    {
      name: 'is not there, nor its manager',
      of: [],
      want: {
        problem: 'no machine of Lima was found, and no limactl in PATH',
        hint: 'is Lima installed? see vmssh list',
      },
    },
    { name: 'is there twice', of: [{}, {}], want: { code: 'AMBIGUOUS' } },
    {
      name: 'may be there, but nothing answered',
      of: [],
      want: { problem: 'Lima could not be asked: virsh: no (FAILED)', hint: 'limactl list' },
      warns: warning,
    },
    {
      name: 'is not there, and single machines could not be asked',
      of: [],
      want: { problem: 'Lima has no machine "default": found none; virsh: no (INCOMPLETE)' },
      warns: { ...warning, code: 'INCOMPLETE' },
    },
  ])('that $name', async ({ of, want, warns }) => {
    const machines = of.map((each) => ({ ...found, ...each }));
    const asked = ask('default', machines, warns ? [warns] : []);
    await expect(asked).rejects.toMatchObject({ op: 'resolve', code: 'NOT_FOUND', ...want });
  });
});
