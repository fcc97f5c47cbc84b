import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/kinds.js';
import { resolveShortName } from '../../src/reach/short-name.js';
import type { ListedMachine } from '../../src/sources/merge.js';
import type { Source } from '../../src/sources/source.js';
import { useSource, useTempDir, writeTree } from '../helpers/temp-dir.js';

const dir = useTempDir();

const uuid = '11111111-2222-4333-8444-555555555555';
const id = '0123456789ab'.padEnd(64, 'c');
const idUuid = '01234567-89ab-cccc-cccc-cccccccccccc';
const machine = (name: string, target: string, more: Partial<ListedMachine> = {}): ListedMachine => ({
  ...{ name, target, status: 'running', provider: 'p', also: [] },
  ...more,
});
const machines = [
  machine('mint', 'qemu/mint', { uuid, also: ['machine/qemu-1-mint'] }),
  machine('Web Server', 'machine/Web Server'),
  machine('a', 'lima/a'),
  machine('a', 'incus/a'),
  machine('mint', 'incus/mint', { uuid, authority: 'other' }),
  machine('theirs', 'incus/theirs', { authority: 'other' }),
  machine('S1', 'machine/S1', { uuid: uuid.replace('1', '2') }),
  machine('s1', 'qemu/s1'),
  machine('web 1', 'machine/web 1'),
  machine('web-1', 'machine/web-1'),
  machine('caf\u00e9', 'lima/caf\u00e9'),
  machine('cafe\u0301', 'lima/cafe\u0301'),
  machine('box', 'podman/box', { uuid: idUuid, container: { id, labels: {} } }),
  machine('vsock/3', 'vsock/3', { authority: 'other' }),
];
const names = ['libvirt', 'qemu', 'machined', 'nspawn', 'lima', 'incus', 'wsl', 'podman'];
const providers = names.map((name): Source => ({ name, title: name, list: () => Promise.reject() }));

const linux = { env: {}, platform: 'linux', procDir: '/proc/none' } as const;

async function resolve(typed: string, env = {}, code = 'FAILED', silent: { machine?: string } = {}) {
  let asked: readonly string[] = [];
  const warnings = [{ provider: 'lima', code, problem: 'too late', ...silent }];
  const list = async (_deps: object, some: readonly Source[]) => {
    asked = some.map(({ name }) => name);
    return { machines, warnings };
  };
  const load = async (wanted?: readonly string[]) =>
    providers.filter(({ name }) => wanted?.includes(name) ?? true);
  const { text, machine } = await resolveShortName(typed, { ...linux, env }, list, load);
  return { text, name: machine?.name, asked };
}

describe('a short name', () => {
  it.each<{ input: string; text?: string; name?: string; asked: readonly string[] }>([
    { input: 'mint', text: 'qemu/mint', name: 'mint', asked: names },
    { input: 'MINT', text: 'qemu/mint', name: 'mint', asked: names },
    { input: 'web-server', text: 'machine/Web Server', name: 'Web Server', asked: names },
    { input: uuid.replaceAll('-', ''), text: 'qemu/mint', name: 'mint', asked: names },
    { input: 'qemu/mint', name: 'mint', asked: ['libvirt', 'qemu'] },
    { input: 'machine%qemu-1-mint', name: 'mint', asked: ['machined', 'nspawn'] },
    { input: `qemu/${uuid}`, name: 'mint', asked: ['libvirt', 'qemu'] },
    { input: 'lima/nope', asked: ['lima'] },
    ...['box', id.slice(0, 12), id, idUuid].map((name) => ({
      ...{ input: `podman/${name}`, name: 'box', asked: ['podman'] },
    })),
    { input: `podman/${id.slice(0, 11)}`, asked: ['podman'] },
    ...['vsock/3', 'unix/run/x', '.host'].map((input) => ({ input, asked: [] })),
  ])('$input', async ({ input, text = input, name, asked }) =>
    expect(await resolve(input)).toEqual({ text, name, asked }),
  );

  it('is no machine while a source that may have it too does not answer, but a target and an id are', async () => {
    await expect(resolve('mint', {}, 'TIMEOUT')).rejects.toMatchObject({
      code: 'TIMEOUT',
      problem: '"mint" may also be a machine of a source that did not answer: lima: too late (TIMEOUT)',
      hint: expect.stringContaining('type "qemu/mint" for the one that was found'),
    });
    const hint = 'lima did not answer, and may have it: try again';
    await expect(resolve('mitn', {}, 'TIMEOUT')).rejects.toMatchObject({ code: 'NOT_FOUND', hint });
    for (const typed of ['qemu/mint', uuid])
      expect(await resolve(typed, {}, 'TIMEOUT')).toMatchObject({ name: 'mint' });
  });

  it('is a machine while only one of another name does not answer', async () => {
    const silent = { machine: 'other' };
    expect(await resolve('mint', {}, 'TIMEOUT', silent)).toMatchObject({ name: 'mint' });
    const slug = resolve('Web-Server', {}, 'TIMEOUT', { machine: 'web server' });
    await expect(slug).rejects.toMatchObject({ code: 'TIMEOUT' });
    const hint = expect.not.stringContaining('did not answer');
    await expect(resolve('othr', {}, 'TIMEOUT', silent)).rejects.toMatchObject({ hint });
    const silence = { hint: 'lima did not answer, and may have it: try again' };
    await expect(resolve('other', {}, 'TIMEOUT', silent)).rejects.toMatchObject(silence);
  });

  it.each([
    { input: 'mint', isAsked: false },
    { input: 'web-server', isAsked: true },
    { input: uuid, isAsked: true },
    { input: 'web-server', isAsked: true, finds: true, isSeen: false },
    { input: uuid, isAsked: true, finds: true },
  ])('$input: a source whose "names" exclude it is not asked', async ({ input, isAsked, finds, ...more }) => {
    useSource(dir, 'slow', 'exec sleep 60', { names: ['lab-*', 'WEB?server'] });
    const list = () => Promise.reject();
    const own: Source = { name: 'slow', title: 'slow', list, ...(finds && { listsWanted: true }) };
    const { isSeen = isAsked } = more;
    let asked: readonly Source[] = [];
    let seen = false;
    const listAll = async (_deps: object, some: readonly Source[]) => {
      asked = some;
      return { machines, warnings: [] };
    };
    const saw = () => {
      seen = true;
    };
    await resolveShortName(input, { ...linux, seen: saw }, listAll, async () => [...providers, own]);
    expect(asked.some(({ name }) => name === 'slow')).toBe(isAsked);
    // Its other machines, and so their Hosts, are not gone.
    expect([seen, asked.includes(own)]).toEqual([isSeen, isSeen]);
  });

  it('that is a UUID is looked for among all machines', async () => {
    for (const env of [{}, { WSL_DISTRO_NAME: 'Debian' }])
      expect(await resolve(uuid, env)).toMatchObject({ text: 'qemu/mint', name: 'mint' });
  });

  it('that is an unknown UUID is left to Hyper-V in WSL2', async () => {
    const text = uuid.replace('5', '6');
    expect(await resolve(text, { WSL_DISTRO_NAME: 'Debian' })).toMatchObject({ text, name: undefined });
  });

  it.each([
    { differ: 'in case', inputs: ['s1', 'S1'] },
    { differ: 'in blanks and dashes', inputs: ['web 1', 'web-1', 'WEB-1'] },
    { differ: 'in composition', inputs: ['caf\u00e9', 'cafe\u0301'] },
  ])('means neither of two machines whose names differ $differ', async ({ inputs }) => {
    const ambiguous = { code: 'AMBIGUOUS', problem: expect.stringContaining(' or ') };
    for (const input of inputs) await expect(resolve(input)).rejects.toMatchObject(ambiguous);
  });

  it('of two names that differ in case is not an id, which means its machine', async () => {
    expect(await resolve(uuid.replace('1', '2'))).toMatchObject({ text: 'machine/S1' });
    expect(await resolve('machine/S1')).toMatchObject({ text: 'machine/S1', name: 'S1' });
  });

  it.each(['theirs', 'vsock-3'])('is none that another user or a container gives: %s', async (input) => {
    await expect(resolve(input)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  const none = (problem: RegExp) => ({ code: 'NOT_FOUND', problem: expect.stringMatching(problem) });
  it.each([
    { input: 'a', want: { code: 'AMBIGUOUS', problem: '"a" may be "lima/a" or "incus/a"' } },
    { input: 'nope', want: none(/^no machine is called nope: .*; lima: too late \(FAILED\)$/) },
    { input: uuid.replace('5', '6'), want: none(/^no machine on this host has this id: /) },
    {
      input: 'mitn',
      want: {
        ...none(/./),
        hint: 'did you mean "mint"? lima could not be asked, and may have it: vmssh doctor',
      },
    },
    { input: 'lima-web 1', want: { ...none(/./), hint: expect.stringMatching(/^did you mean "web 1"\?/) } },
    { input: 'vsock/x', want: { op: 'parse', problem: expect.stringContaining('CID') } },
    { input: 'vsock%x', want: { op: 'parse' } },
    { input: 'what/ever', want: { op: 'parse', problem: 'unknown kind of target' } },
    { input: '', want: { op: 'parse', problem: 'the target is empty' } },
    { input: 'a\x07', want: { op: 'parse' } },
  ])('$input is refused', async ({ input, want }) => {
    await expect(resolve(input)).rejects.toMatchObject({ name: 'ConnectError', target: input, ...want });
  });
});

describe('a name that is a Host', () => {
  const held = (host: string, target: string, more: object = {}) => {
    const provider = target.split('/')[0] ?? '';
    return { host, name: target.split('/').at(-1), target, provider, ...more };
  };
  const state = {
    ...{ version: 2, options: {}, program: [] },
    machines: [
      ...[held('a', 'incus/a'), held('mint', 'machine/Web Server'), held('vm-S1', 'qemu/s1')],
      held('two', 'qemu/two', { also: ['incus/a'] }),
      held('box', 'via/hv1/qemu/box', { via: 'hv1', provider: 'qemu' }),
      held('web-1', 'incus/elsewhere', { environment: { INCUS_SOCKET: '/lab.sock' } }),
      ...[held('web-server', 'lima/gone'), held('theirs', 'docker/theirs', { provider: 'docker' })],
    ],
  };
  const HOME = join(dir, 'held');
  beforeAll(() => writeTree(HOME, { '.local/state/vmssh/hosts.json': JSON.stringify(state) }));

  it.each([
    ['of one of two machines of the name', 'a', 'incus/a'],
    ['of a machine of another name', 'mint', 'machine/Web Server'],
    ['with a capital', 'Mint', 'machine/Web Server'],
    ['with a prefix', 'vm-s1', 'qemu/s1'],
    ['of a machine that its other source has still', 'two', 'incus/a'],
    ['of another hypervisor', 'box', 'via/hv1/qemu/box'],
    ['of a machine of another environment', 'web-1', 'incus/elsewhere'],
    ["of a source that is not here, and another user's machine", 'theirs', 'docker/theirs'],
  ])('is its machine: %s', async (_, typed, text) => {
    expect(await resolve(typed, { HOME }, 'INCOMPLETE')).toMatchObject({ text });
  });

  it('is its machine while its source could not be asked, and another one of the name only once that has none', async () => {
    expect(await resolve('web-server', { HOME })).toMatchObject({ text: 'lima/gone' });
    const text = 'machine/Web Server';
    expect(await resolve('web-server', { HOME }, 'INCOMPLETE')).toMatchObject({ text });
  });

  it('is no machine, and no other one, for an id', async () => {
    expect(await resolve(uuid, { HOME })).toMatchObject({ text: 'qemu/mint' });
  });
});

describe("a name that is not a machine's to take", () => {
  const listed =
    (...all: readonly ListedMachine[]) =>
    async () => ({ machines: all, warnings: [] });
  const names = async () => (name: string) =>
    name === 'gitserver' ? 'the name is already in known_hosts' : undefined;
  const resolve = (typed: string, list: Parameters<typeof resolveShortName>[2]) =>
    resolveShortName(typed, { ...linux, names }, list, async () => providers);

  it.each([
    { code: undefined, hint: 'did you mean "mint"?' },
    { code: 'INCOMPLETE', hint: 'did you mean "mint"?' },
    { code: 'TIMEOUT', hint: 'docker did not answer, and may have it: try again' },
    {
      code: 'CLOSED',
      hint: "if it is root's: use sudo; if it is one of docker, you can also join the group of that socket, and log in again",
    },
  ])('has a similar one, if all could be asked: $code', async ({ code, hint }) => {
    const warnings = code === undefined ? [] : [{ provider: 'docker', code, problem: 'it says no' }];
    const list = async () => ({ machines: [machine('mint', 'qemu/mint')], warnings });
    await expect(resolve('mitn', list)).rejects.toMatchObject({ hint });
  });

  it('says so if no machine was found at all', async () => {
    const problem = 'no machine was found on this host';
    await expect(resolve('mint', listed())).rejects.toMatchObject({ code: 'NOT_FOUND', problem });
  });

  it('leads to no machine; its target does', async () => {
    const list = listed(machine('gitserver', 'podman/gitserver'));
    await expect(resolve('gitserver', list)).rejects.toMatchObject({
      code: 'AMBIGUOUS',
      problem: '"gitserver" may be "podman/gitserver", but the name is already in known_hosts',
      hint: 'type "podman/gitserver", or, if that is its own old key, ssh-keygen -R "gitserver"; to give it the name: vmssh setup --take-name "gitserver"',
    });
    expect(await resolve('podman/gitserver', list)).toMatchObject({ text: 'podman/gitserver' });
  });

  it("is that of another user's machine, which takes none away", async () => {
    const strange = machine('web', 'incus/web', { authority: 'other' });
    const refused = { problem: '"web" is another user\'s machine', hint: 'type "incus/web"' };
    await expect(resolve('web', listed(strange))).rejects.toMatchObject(refused);
    const both = listed(machine('web', 'podman/web'), strange);
    expect(await resolve('web', both)).toMatchObject({ text: 'podman/web' });
  });
});

it.each(
  kinds.filter(({ rest, name }) => rest === 'name' && name !== 'outside').map(({ name }) => `${name}%`),
)('%s has no name, and nobody is asked', async (typed) => {
  const nobody = () => Promise.reject(new Error('asked'));
  const want = { op: 'parse', code: 'USAGE', problem: expect.stringMatching(/empty/) };
  await expect(resolveShortName(typed, linux, nobody)).rejects.toMatchObject(want);
});
