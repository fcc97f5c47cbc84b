import { describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/kinds.js';
import { resolveShortName } from '../../src/lookup/short-name.js';
import type { ListedMachine } from '../../src/sources/merge.js';
import type { Source } from '../../src/sources/source.js';

const uuid = '11111111-2222-4333-8444-555555555555';
const id = '0123456789ab'.padEnd(64, 'c');
const idUuid = '01234567-89ab-cccc-cccc-cccccccccccc';
const machine = (name: string, target: string, more: Partial<ListedMachine> = {}): ListedMachine => ({
  name,
  target,
  status: 'running',
  provider: 'p',
  also: [],
  ...more,
});
const machines = [
  machine('mint', 'qemu/mint', { uuid, also: ['machine/qemu-1-mint'] }),
  machine('Web Server', 'machine/Web Server'),
  machine('a', 'lima/a'),
  machine('a', 'incus/a'),
  machine('mint', 'incus/mint', { uuid, authority: 'other' }),
  machine('theirs', 'incus/theirs', { authority: 'other' }),
  machine('box', 'podman/box', { uuid: idUuid, container: { id, labels: {} } }),
  machine('vsock/3', 'vsock/3', { authority: 'other' }),
];
const names = ['libvirt', 'qemu', 'machined', 'nspawn', 'lima', 'incus', 'wsl', 'podman'];
const providers = names.map((name): Source => ({ name, title: name, list: () => Promise.reject() }));

async function resolve(typed: string, env = {}, code = 'FAILED', silent: { machine?: string } = {}) {
  let asked: readonly string[] = [];
  const warnings = [{ provider: 'lima', code, problem: 'too late', ...silent }];
  const list = async (_deps: object, some: readonly Source[]) => {
    asked = some.map(({ name }) => name);
    return { machines, warnings };
  };
  const { text, machine } = await resolveShortName(
    typed,
    { env, platform: 'linux', procDir: '/nowhere' },
    list,
    async (wanted) => providers.filter(({ name }) => wanted?.includes(name) ?? true),
  );
  return { text, name: machine?.name, asked };
}

describe('a short name', () => {
  it.each([
    { input: 'mint', want: { text: 'qemu/mint', name: 'mint', asked: names } },
    { input: 'MINT', want: { text: 'qemu/mint', name: 'mint', asked: names } },
    { input: 'web-server', want: { text: 'machine/Web Server', name: 'Web Server', asked: names } },
    { input: uuid.replaceAll('-', ''), want: { text: 'qemu/mint', name: 'mint', asked: names } },
    { input: 'qemu/mint', want: { text: 'qemu/mint', name: 'mint', asked: ['libvirt', 'qemu'] } },
    {
      input: 'machine%qemu-1-mint',
      want: { text: 'machine%qemu-1-mint', name: 'mint', asked: ['machined', 'nspawn'] },
    },
    { input: `qemu/${uuid}`, want: { text: `qemu/${uuid}`, name: 'mint', asked: ['libvirt', 'qemu'] } },
    { input: 'lima/nope', want: { text: 'lima/nope', name: undefined, asked: ['lima'] } },
    ...['box', id.slice(0, 12), id, idUuid].map((name) => ({
      input: `podman/${name}`,
      want: { text: `podman/${name}`, name: 'box', asked: ['podman'] },
    })),
    {
      input: `podman/${id.slice(0, 11)}`,
      want: { text: `podman/${id.slice(0, 11)}`, name: undefined, asked: ['podman'] },
    },
    { input: 'vsock/3', want: { text: 'vsock/3', name: undefined, asked: [] } },
    { input: 'unix/run/x', want: { text: 'unix/run/x', name: undefined, asked: [] } },
    { input: '.host', want: { text: '.host', name: undefined, asked: [] } },
  ])('$input', async ({ input, want }) => expect(await resolve(input)).toEqual(want));

  it('is no machine while a source that may have it too does not answer, but a target and an id are', async () => {
    await expect(resolve('mint', {}, 'TIMEOUT')).rejects.toMatchObject({
      code: 'TIMEOUT',
      problem: '"mint" may also be a machine of a source that did not answer: lima: too late (TIMEOUT)',
      hint: expect.stringContaining('type "qemu/mint" for the one that was found'),
    });
    await expect(resolve('mitn', {}, 'TIMEOUT')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: 'lima did not answer, and may have it: try again',
    });
    for (const typed of ['qemu/mint', uuid])
      expect(await resolve(typed, {}, 'TIMEOUT')).toMatchObject({ name: 'mint' });
  });

  it('is a machine while only one of another name does not answer', async () => {
    const silent = { machine: 'other' };
    expect(await resolve('mint', {}, 'TIMEOUT', silent)).toMatchObject({ name: 'mint' });
    await expect(resolve('Web-Server', {}, 'TIMEOUT', { machine: 'web server' })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    await expect(resolve('othr', {}, 'TIMEOUT', silent)).rejects.toMatchObject({
      hint: expect.not.stringContaining('did not answer'),
    });
    await expect(resolve('other', {}, 'TIMEOUT', silent)).rejects.toMatchObject({
      hint: 'lima did not answer, and may have it: try again',
    });
  });

  it('that is a UUID is looked for among all machines', async () => {
    for (const env of [{}, { WSL_DISTRO_NAME: 'Debian' }])
      expect(await resolve(uuid, env)).toMatchObject({ text: 'qemu/mint', name: 'mint' });
  });

  it('that is an unknown UUID is left to Hyper-V in WSL2', async () => {
    const other = uuid.replace('5', '6');
    expect(await resolve(other, { WSL_DISTRO_NAME: 'Debian' })).toMatchObject({
      text: other,
      name: undefined,
    });
  });

  it.each(['theirs', 'vsock-3'])('is none that another user or a container gives: %s', async (input) => {
    await expect(resolve(input)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each([
    { input: 'a', want: { code: 'AMBIGUOUS', problem: '"a" may be "lima/a" or "incus/a"' } },
    {
      input: 'nope',
      want: {
        code: 'NOT_FOUND',
        problem: expect.stringMatching(
          /^no machine on this host has this name: .*; lima: too late \(FAILED\)$/,
        ),
      },
    },
    {
      input: uuid.replace('5', '6'),
      want: { code: 'NOT_FOUND', problem: expect.stringMatching(/^no machine on this host has this id: /) },
    },
    { input: 'mitn', want: { code: 'NOT_FOUND', hint: 'did you mean "mint"?' } },
    { input: 'vsock/x', want: { op: 'parse', problem: expect.stringContaining('CID') } },
    { input: 'vsock%x', want: { op: 'parse' } },
    { input: 'what/ever', want: { op: 'parse', problem: 'unknown kind of target' } },
    { input: '', want: { op: 'parse', problem: 'the target is empty' } },
    { input: 'a\x07', want: { op: 'parse' } },
  ])('$input is refused', async ({ input, want }) => {
    await expect(resolve(input)).rejects.toMatchObject({ name: 'ConnectError', target: input, ...want });
  });
});

describe("a name that is not a machine's to take", () => {
  const listed =
    (...all: readonly ListedMachine[]) =>
    async () => ({ machines: all, warnings: [] });
  const names = async () => (name: string) =>
    name === 'gitserver' ? 'the name is already in known_hosts' : undefined;
  const deps = { env: {}, platform: 'linux' as const, procDir: '/nowhere', names };

  it('says so if no machine was found at all', async () => {
    await expect(resolveShortName('mint', deps, listed(), async () => providers)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      problem: 'no machine was found on this host',
    });
  });

  it('leads to no machine; its target does', async () => {
    const list = listed(machine('gitserver', 'podman/gitserver'));
    await expect(resolveShortName('gitserver', deps, list, async () => providers)).rejects.toMatchObject({
      code: 'AMBIGUOUS',
      problem: '"gitserver" may be "podman/gitserver", but the name is already in known_hosts',
      hint: 'type "podman/gitserver"',
    });
    expect(await resolveShortName('podman/gitserver', deps, list, async () => providers)).toMatchObject({
      text: 'podman/gitserver',
    });
  });

  it("is that of another user's machine, which takes none away", async () => {
    const strange = machine('web', 'incus/web', { authority: 'other' });
    await expect(resolveShortName('web', deps, listed(strange), async () => providers)).rejects.toMatchObject(
      {
        problem: '"web" is another user\'s machine',
        hint: 'type "incus/web"',
      },
    );
    const both = listed(machine('web', 'podman/web'), strange);
    expect(await resolveShortName('web', deps, both, async () => providers)).toMatchObject({
      text: 'podman/web',
    });
  });
});

it.each(
  kinds.filter(({ rest, name }) => rest === 'name' && name !== 'outside').map(({ name }) => `${name}%`),
)('%s has no name, and nobody is asked', async (typed) => {
  const nobody = () => Promise.reject(new Error('asked'));
  const search = resolveShortName(typed, { env: {}, platform: 'linux', procDir: '/nowhere' }, nobody);
  await expect(search).rejects.toMatchObject({
    op: 'parse',
    code: 'USAGE',
    problem: expect.stringMatching(/empty/),
  });
});
