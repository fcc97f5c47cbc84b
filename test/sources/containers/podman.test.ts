import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PodmanEffects } from '../../../src/sources/containers/podman.js';
import { listAllOfPodman, listPodmanContainers, podman } from '../../../src/sources/containers/podman.js';
import { addressOf } from '../../../src/sources/routes.js';
import { DiscoveryError } from '../../../src/sources/source.js';
import { getJson } from '../../../src/sources/tools/http-unix.js';
import { listening } from '../../helpers/sockets/servers.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { fixture } from '../fixture.js';
import { useJsonServices } from '../managers/json-services.js';
import { fakeProc } from '../processes/fake-proc.js';

const dir = useTempDir();
const serve = useJsonServices(dir);
const list = '/v4.0.0/libpod/containers/json?all=true';
const recorded = fixture('podman/podman5.4.2-containers.json');
const exported = '5531b822dd6044829313b6dc0e0c3bb2c9c20cc2ccb2d75c23887e09afdbe97c';
const detailsOf = `/v4.0.0/libpod/containers/${exported}/json`;
const names = ['web', 'exported', 'temp', 'never', 'gone', 'held', 'inpod'];
/** As the details of the recorded container, with another folder. */
const detailsWith = (source: string) =>
  fixture('podman/podman5.4.2-inspect.json').replace('/srv/web-export', source);

const noCommand = () => Promise.reject(new Error('a command was run'));
const effects = (more: Partial<PodmanEffects> = {}): PodmanEffects => ({
  ...{ get: getJson, run: noCommand, exists: async () => true, uid: process.getuid?.() },
  ...more,
});
let made = 0;
const runFolder = async (answers: Readonly<Record<string, string | undefined>>) => {
  const folder = join(dir, `run${made++}`);
  mkdirSync(`${folder}/podman`, { recursive: true });
  await serve(`${folder.slice(dir.length)}/podman/podman.sock`, answers);
  return folder;
};
const user = (folder: string) => ({
  env: { XDG_RUNTIME_DIR: folder, PATH: join(dir, 'bin') },
  runDir: join(dir, 'absent'),
  procDir: join(dir, 'proc'),
  timeoutMs: 60_000,
});
const withCommand = () => writeTree(dir, { 'bin/podman': '#!/bin/sh\n' });
/** What is listed while the user's socket has these answers. */
const listBySocket = async (answers: Readonly<Record<string, string>>) =>
  listPodmanContainers(user(await runFolder(answers)), effects({ uid: undefined }));

const handler = { OCIRuntime: 'crun', Config: { Annotations: { 'run.oci.handler': 'krun' } } };

describe("Podman's containers", () => {
  it("are listed by the user's own socket, by one request", async () => {
    const plain = recorded.replace('/run/host/unix-export', '/data');
    const { found, warnings } = await listBySocket({ [list]: plain });
    expect(warnings).toEqual([]);
    expect(found.map(({ name }) => name)).toEqual(names);
    const command = ['podman', expect.stringMatching(/^--url=unix:.*podman\.sock$/), 'exec'];
    expect(found[0]).toMatchObject({
      routes: [{ endpoint: { command: expect.arrayContaining([...command, found[0]?.container.id]) } }],
      ...{ target: 'podman/web', uuid: '83055167-4a13-0eb1-c290-e328df73ee72', status: 'running' },
      container: { labels: { role: 'front', note: 'a, b=c' } },
    });
  });

  it.each([
    { name: 'its machine is of krun', details: { OCIRuntime: 'krun' }, exec: false },
    { name: "an annotation makes crun's one of krun", details: handler, exec: false },
    { name: 'it runs a QEMU itself', details: { OCIRuntime: 'crun' }, exec: true },
  ])('whose first process holds a machine of /dev/kvm have exec: $name', async ({ details, exec }) => {
    const id = '0a'.repeat(32);
    const [process] = [{ argv: ['crun'], fd: { '9': 'anon_inode:kvm-vm' } }];
    const procDir = fakeProc(dir, [process]);
    const one = JSON.stringify([{ Id: id, Names: ['web'], State: 'running', Pid: 100 }]);
    const answers = { [list]: one, [`/v4.0.0/libpod/containers/${id}/json`]: JSON.stringify(details) };
    const deps = { ...user(await runFolder(answers)), procDir };
    const { found, warnings } = await listPodmanContainers(deps, effects({ uid: undefined }));
    expect(found.map(({ routes = [] }) => routes.map(({ name }) => name))).toEqual([exec ? ['exec'] : []]);
    const problem =
      'container web: podman exec starts programs beside its virtual machine, which krun runs, and not in it';
    expect(warnings).toEqual(exec ? [] : [{ provider: 'podman', code: 'NOT_LISTED', problem }]);
  });

  it('that export a socket are asked for the folder', async () => {
    const source = join(dir, 'export');
    mkdirSync(source);
    await listening(createServer(), join(source, 'ssh'));
    const { found, warnings } = await listBySocket({ [list]: recorded, [detailsOf]: detailsWith(source) });
    expect(warnings).toEqual([]);
    expect(found.map(addressOf)).toEqual([
      ...[undefined, `unix${source}/ssh`, ...names.slice(2).map(() => undefined)],
    ]);
  });

  it.each(['/home/ann/prod', '/home/ann'])(
    'for development are asked what they mount: %s',
    async (Source) => {
      const Labels = { 'devcontainer.local_folder': '/home/ann/prod' };
      const all = [
        { Id: exported, Names: ['quirky'], State: 'exited', Labels, Mounts: ['/workspaces/prod'] },
      ];
      const details = JSON.stringify({ Mounts: [{ Source, Destination: '/workspaces/prod' }] });
      const { found } = await listBySocket({ [list]: JSON.stringify(all), [detailsOf]: details });
      expect(found.map(({ name }) => name)).toEqual([Source.endsWith('prod') ? 'prod' : 'quirky']);
    },
  );

  it('of which one cannot be asked for its folder are listed with a warning', async () => {
    const { found, warnings } = await listBySocket({ [list]: recorded, [detailsOf]: 'no JSON' });
    expect(found).toHaveLength(names.length);
    const problem = expect.stringMatching(/^container exported: .*not JSON/);
    expect(warnings).toMatchObject([{ provider: 'podman', code: 'INCOMPLETE', problem }]);
  });

  it('of which one is removed after the list are shown without it, and no warning', async () => {
    const without = { names: names.filter((name) => name !== 'exported'), warnings: [] };
    const seen = async (asked: ReturnType<typeof listPodmanContainers>) => {
      const { found, warnings } = await asked;
      return { names: found.map(({ name }) => name), warnings };
    };
    expect(await seen(listBySocket({ [list]: recorded }))).toEqual(without);
    withCommand();
    const run: PodmanEffects['run'] = async (_program, [, what]) => {
      if (what === 'ps') return recorded;
      throw new DiscoveryError('FAILED', `podman: no such container "${exported}"`);
    };
    expect(await seen(listPodmanContainers(user(dir), effects({ run })))).toEqual(without);
  });

  it('that are not the wanted one are not asked for their folder', async () => {
    const folder = await runFolder({ [list]: recorded, [detailsOf]: 'no JSON' });
    const namesAnd = async (wanted: string) => {
      const deps = { ...user(folder), wanted };
      const { found, warnings } = await listPodmanContainers(deps, effects({ uid: undefined }));
      return { names: found.map(({ name }) => name), codes: warnings.map(({ code }) => code) };
    };
    expect(await namesAnd('web')).toEqual({ names, codes: [] });
    for (const wanted of ['exported', 'EXPORTED', exported, exported.slice(0, 12)])
      expect(await namesAnd(wanted), wanted).toEqual({ names, codes: ['INCOMPLETE'] });
  });

  it("are listed by `podman ps` if the user's socket is not there", async () => {
    withCommand();
    const asked: string[] = [];
    const run: PodmanEffects['run'] = async (program, args) => {
      asked.push([program, ...args].join(' '));
      return args[1] === 'ps' ? fixture('podman/podman5.4.2-ps.json') : `[${detailsWith('/absent')}]`;
    };
    const { found, warnings } = await listPodmanContainers(user(dir), effects({ run }));
    expect(warnings).toEqual([]);
    expect(found.map(({ name }) => name)).toEqual(['exported', 'gone']);
    const words = ['ps --all --format json', `container inspect ${exported}`];
    expect(asked).toEqual(words.map((each) => `podman --syslog=false ${each}`));
    const [{ routes = [], container } = {}] = found;
    expect(container?.url).toBeUndefined();
    expect(routes).toMatchObject([
      { endpoint: { command: expect.arrayContaining(['podman', '--syslog=false', 'exec', container?.id]) } },
    ]);
  });

  const hv1 = 'ssh://me@hv1/run/podman/podman.sock';
  const connections = [
    { Name: 'lab', URI: 'ssh://lab', Default: false },
    { Name: 'production', URI: hv1, Default: true },
  ];
  it.each([
    { name: 'containers.conf has remote = true', all: connections, asks: hv1 },
    { name: 'CONTAINER_HOST is set', env: { CONTAINER_HOST: hv1 }, all: [], asks: hv1 },
    { name: 'it has no connection', all: [], asks: 'the service that `podman info` shows' },
  ])('are not those of another service, which is named: $name', async ({ env, all, asks }) => {
    withCommand();
    // As podman 4.3.1 with remote = true.
    const run: PodmanEffects['run'] = async (_program, [first, ...rest]) => {
      if (`${[first, ...rest]}` === 'system,connection,list,--format,json') return JSON.stringify(all);
      throw new DiscoveryError('FAILED', `podman: Error: unknown flag: ${first?.replace(/=.*/, '')}`);
    };
    const deps = { ...user(dir), env: { ...user(dir).env, ...env }, platform: 'linux' } as const;
    const problem = `podman asks ${asks}, which vmssh does not`;
    expect(await listPodmanContainers(deps, effects({ run }))).toEqual({
      ...{ found: [], warnings: [{ provider: 'podman', code: 'ELSEWHERE', problem }] },
    });
  });

  it('are listed beside the service that its command asks instead, which is named', async () => {
    const folder = await runFolder({ [list]: recorded.replace('/run/host/unix-export', '/data') });
    const env = { ...user(folder).env, CONTAINER_HOST: hv1 };
    // Root's own service is the system's.
    const run = process.getuid?.() === 0 ? { runDir: folder } : {};
    const { found, warnings } = await podman.list({ ...user(folder), ...run, env });
    expect(found).toHaveLength(names.length);
    const problem = `podman asks ${hv1}, which vmssh does not`;
    expect(warnings).toEqual([{ provider: 'podman', code: 'NOT_LISTED', problem }]);
  });

  it.each([
    { name: 'it has never made one', env: {}, there: false },
    { name: 'it is not installed', env: { PATH: join(dir, 'none') }, there: true },
  ])('are not asked of its command if $name', async ({ env, there }) => {
    withCommand();
    const deps = { ...user(dir), env: { ...user(dir).env, ...env } };
    const listing = await listPodmanContainers(deps, effects({ exists: async () => there }));
    expect(listing).toEqual({ found: [], warnings: [] });
  });

  it.each([
    { code: 'TIMEOUT', asked: 0, problems: ['no'] },
    { code: 'PROTOCOL', asked: 0, problems: ['no'] },
    { code: 'FAILED', asked: 1, problems: [] },
    { code: 'ECONNREFUSED', asked: 1, problems: [] },
  ])('are asked of its command after $code: $asked times', async ({ code, asked, problems }) => {
    withCommand();
    const folder = await runFolder({});
    let ran = 0;
    const get = () => Promise.reject(new DiscoveryError(code, 'no'));
    const run = async () => {
      ran++;
      return '[]';
    };
    // Root's own is the system's.
    const deps = process.getuid?.() === 0 ? { ...user(folder), runDir: folder } : user(folder);
    const { found, warnings } = await listPodmanContainers(deps, effects({ get, run }));
    const said = warnings.map(({ problem }) => problem);
    expect({ found, asked: ran, problems: said }).toEqual({ found: [], asked, problems });
  });

  it('a command that fails is a warning', async () => {
    withCommand();
    const run = () => Promise.reject(new DiscoveryError('FAILED', 'podman: cannot'));
    expect((await listPodmanContainers(user(dir), effects({ run }))).warnings).toEqual([
      { provider: 'podman', code: 'FAILED', problem: 'podman: cannot' },
    ]);
  });

  it('are asked for by the command also where the user has no session', async () => {
    withCommand();
    const asked: unknown[] = [];
    const run: PodmanEffects['run'] = async (_, words) => {
      asked.push(words);
      return '[]';
    };
    const env = { ...user(dir).env, XDG_RUNTIME_DIR: undefined, HOME: dir };
    const known = effects({ uid: 4242, run });
    await listPodmanContainers({ ...user(dir), env, runDir: dir }, known);
    expect(asked).toEqual([['--syslog=false', 'ps', '--all', '--format', 'json']]);
  });

  it("are root's too, by its socket if that is open to this user", async () => {
    const folder = await runFolder({ [list]: recorded });
    const deps = { ...user(join(dir, 'nobody')), runDir: folder };
    const known = effects({ uid: undefined, exists: async () => false });
    const { found } = await listPodmanContainers(deps, known);
    const url = `unix://${folder}/podman/podman.sock`;
    const command = expect.arrayContaining(['podman', `--url=${url}`]);
    expect(found[0]).toMatchObject({ container: { url }, routes: [{ endpoint: { command } }] });
  });
});

describe('a name of Podman', () => {
  const machines = async () => ({
    found: [{ name: 'web', target: 'podman/web', status: 'off', provider: 'podman' } as const],
    warnings: [],
  });
  const containers = () => listBySocket({ [list]: recorded, [detailsOf]: detailsWith('/absent') });

  it('is that of a machine of `podman machine` before that of a container', async () => {
    const deps = { env: {}, platform: 'darwin' } as const;
    expect((await listAllOfPodman(deps, machines, containers)).found).toHaveLength(1);
    const home = join(dir, 'home');
    mkdirSync(`${home}/.config/containers/podman/machine`, { recursive: true });
    const { found } = await listAllOfPodman({ env: { HOME: home }, platform: 'linux' }, machines, containers);
    expect(found.slice(0, 3).map(({ target }) => target)).toEqual([
      ...['podman/web', 'podman/83055167-4a13-0eb1-c290-e328df73ee72', 'podman/exported'],
    ]);
    expect(found.slice(0, 2).map((each) => podman.start?.(each, {}))).toMatchObject([
      { command: ['podman', 'machine', 'start', 'web'] },
      { command: ['podman', expect.stringMatching(/^--url=unix:/), 'start', 'web'] },
    ]);
  });

  it('is not looked for among machines where there have never been any', async () => {
    const { found } = await listAllOfPodman({ env: { HOME: dir }, platform: 'linux' }, machines, containers);
    expect(found[0]?.target).toBe('podman/web');
    expect(found[0]?.container).toBeDefined();
  });
});
