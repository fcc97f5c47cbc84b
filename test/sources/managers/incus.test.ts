import { describe, expect, it } from 'vitest';
import { listIncus, parseInstances } from '../../../src/sources/managers/incus.js';
import { routeTo } from '../../../src/sources/routes.js';
import { DiscoveryError } from '../../../src/sources/source.js';
import { execRoutes } from '../../../src/sources/tools/exec-route.js';
import { fixture } from '../fixture.js';
import { at } from '../resolved.js';

const exec = (name: string) => {
  const words = ['--mode=non-interactive', '--project=default', `local:${name}`, '--'];
  return execRoutes(['incus', 'exec', ...words], name)[0];
};

const both = (name: string, uuid: string, rest: object) => ({
  ...{ name, target: `incus/${name}`, provider: 'incus', uuid, status: 'off', routes: [], part: 'default' },
  ...rest,
});

describe('Incus and LXD', () => {
  it('list a container that is off, as recorded', () => {
    const found = parseInstances(JSON.parse(fixture('lxd/lxd5.0.2-instances.json')));
    expect(found).toEqual([both('web', '6aa4e424-05ce-4621-b07d-601a17833f5f', {})]);
  });

  it('list containers and a VM of two projects, as recorded', () => {
    const ip = routeTo('10.99.0.22');
    const webs = ['2fe611cc-d47c-4c59-bf10-ada847c6dab9', '84f94d2f-0703-4314-a2b7-1ba329542a07'] as const;
    expect(parseInstances(JSON.parse(fixture('incus/incus6.0.4-instances.json')))).toEqual([
      both('db', '949da294-6734-4e30-ad23-dcd6a4a989f0', {
        status: 'paused',
        ...at('fd42:99::1266:6aff:fec1:d51a'),
      }),
      both('lonely', '962c98f6-5f73-42d7-8c24-e178673ae612', {}),
      both('vm', '5924d374-3abd-4bb0-b0bf-ff873c428df6', {
        status: 'running',
        cid: 2661586547,
        vmm: 1000,
        routes: [routeTo('vsock/2661586547'), exec('vm'), routeTo('10.99.0.175')],
      }),
      both('web', webs[0], { status: 'running', target: 'incus/web-default', routes: [exec('web'), ip] }),
      both('only', '35cd3d1b-dccc-42a3-847f-3c17ec1e2831', { project: 'lab', part: 'lab' }),
      both('web', webs[1], { target: 'incus/web-lab', project: 'lab', part: 'lab' }),
    ]);
  });

  it("know other users' instances by their projects, which take no name away", () => {
    const [mine, theirs] = ['1', '2'].map((digit) => `${digit.repeat(8)}-2222-4333-8444-555555555555`);
    const instance = (uid: number, uuid = '') => ({
      ...{ name: 'web', project: `user-${uid}`, config: { 'volatile.uuid': uuid } },
    });
    const answer = { metadata: [instance(1001, mine), instance(1002, theirs)] };
    const found = parseInstances(answer, { uid: 1001 });
    expect(found.map(({ target, authority }) => [target, authority])).toEqual([
      ['incus/web', undefined],
      [`incus/${theirs}`, 'other'],
    ]);
  });

  it.each([
    { input: { status: 'Ready' }, want: 'running' },
    { input: { status: 'Stopping' }, want: 'stopping' },
    { input: { status: 'Stopped', stateful: true }, want: 'saved' },
    { input: { status: 'Error' }, want: 'unknown' },
  ])('$input is $want', ({ input, want }) => {
    expect(parseInstances({ metadata: [{ name: 'a', ...input }] })).toMatchObject([{ status: want }]);
  });

  const inet = (address: string, scope = 'global', family = 'inet') => ({
    ...{ address, scope, family, netmask: '24' },
  });
  const v6 = inet('fd00::7', 'global', 'inet6');
  const with4 = { routes: [exec('a'), routeTo('10.0.0.7')] };
  /** A container with these addresses. */
  const onEth0 = (...addresses: readonly object[]) => ({
    ...{ type: 'container', state: { network: { eth0: { addresses } } } },
  });
  const notIts = ['127.0.0.1', '::ffff:127.0.0.1', '169.254.0.1'].map((each) => inet(each));
  it.each([
    {
      name: 'a VM by its CID',
      input: { type: 'virtual-machine', config: { 'volatile.vsock_id': '1234' } },
      want: { cid: 1234, routes: [routeTo('vsock/1234'), exec('a')] },
    },
    {
      name: 'a container by its address',
      input: {
        ...onEth0(inet('127.0.0.1', 'local'), v6, inet('10.0.0.7'), inet('fe80::1', 'link')),
        config: { 'volatile.vsock_id': '1234' },
      },
      want: with4,
    },
    {
      name: 'a container whose root gave it addresses of this host',
      input: onEth0(...notIts, inet('10.0.0.7')),
      want: with4,
    },
    {
      name: 'a container that has only IPv6',
      input: onEth0(v6),
      want: { routes: [exec('a'), routeTo('fd00::7')] },
    },
    { name: 'a VM without a CID', input: { type: 'virtual-machine', config: {}, state: null }, want: {} },
  ])('list $name', ({ input, want }) => {
    const [found] = parseInstances({ metadata: [{ name: 'a', status: 'Running', ...input }] });
    const common = { name: 'a', target: 'incus/a', status: 'running', provider: 'incus', part: 'default' };
    expect(found).toEqual({ ...common, routes: [exec('a')], ...want });
  });

  it('tell instances of one name and one project apart by UUID', () => {
    const uuids = ['1', '2'].map((last) => `11111111-2222-4333-8444-55555555555${last}`);
    const off = { name: 'a', status: 'Stopped', type: 'container' };
    const metadata = uuids.map((uuid) => ({ ...off, config: { 'volatile.uuid': uuid } }));
    expect(parseInstances({ metadata }).map(({ target }) => target)).toEqual(
      uuids.map((uuid) => `incus/${uuid}`),
    );
  });
});

describe('A cluster of Incus', () => {
  const instance = (name: string, location: string) => ({
    ...{ name, location, status: 'Running', type: 'virtual-machine' },
    config: { 'volatile.vsock_id': '77' },
  });
  it('has the machines of its other members behind those', async () => {
    const get = async (_: string, path: string) =>
      path === '/1.0'
        ? { metadata: { environment: { server_name: 'hv1' } } }
        : { metadata: [instance('near', 'hv1'), instance('far', 'hv2')] };
    const { found } = await listIncus({ env: { INCUS_SOCKET: '/i' } }, get, async (path) => path === '/i');
    expect(found.map(({ target, via, cid, routes }) => ({ target, via, cid, routes }))).toEqual([
      { target: 'incus/near', via: undefined, cid: 77, routes: [routeTo('vsock/77'), exec('near')] },
      { target: 'via/hv2/incus/far', via: 'hv2', cid: undefined, routes: [] },
    ]);
  });
});

describe('The routes of an instance', () => {
  const container = (name: string, more: object = {}) => ({
    ...{ name, status: 'Running', type: 'container', config: {} },
    state: { network: { eth0: { addresses: [{ address: '10.0.0.2', scope: 'global' }] } } },
    ...more,
  });
  it('are its vsock, the exec of its manager and its address, if it runs on this host', async () => {
    const vm = { type: 'virtual-machine', config: { 'volatile.vsock_id': '77' } };
    const off = container('off', { status: 'Stopped' });
    const found: Record<string, readonly object[]> = {
      '/i': [container('web', { project: 'lab' }), container('vm', vm), off],
      '/l/unix.socket': [container('old'), container('-x')],
    };
    const get = async (path: string) => ({ metadata: found[path] ?? [] });
    const env = { INCUS_SOCKET: '/i', LXD_SOCKET: '/l/unix.socket', LXD_DIR: '/elsewhere' };
    const listing = await listIncus({ env }, get, async (path) => path in found);
    const ip = routeTo('10.0.0.2');
    const exec = (client: string, project: string, name: string) => {
      const place = ['--mode=non-interactive', `--project=${project}`, `local:${name}`];
      const command = [client, 'exec', ...place, '--'];
      return expect.objectContaining({ name: 'exec', endpoint: expect.objectContaining({ command }) });
    };
    expect(listing.found.map(({ name, routes }) => ({ name, routes }))).toEqual([
      {
        name: 'web',
        routes: [exec('incus', 'lab', 'web'), ip],
      },
      {
        name: 'vm',
        routes: [routeTo('vsock/77'), exec('incus', 'default', 'vm'), ip],
      },
      { name: 'off', routes: [ip] },
      { name: 'old', routes: [exec('lxc', 'default', 'old'), ip] },
      // A name that its client would take for an option.
      { name: '-x', routes: [ip] },
    ]);
  });
});

describe('The sockets of Incus and LXD', () => {
  const denied = new DiscoveryError('EACCES', 'closed');
  const named = (name: string) => ({ metadata: [{ name, status: 'Stopped' }] });
  const settings = '/home/u/.config/incus';
  const env = { HOME: '/home/u' };
  const admins = '/var/lib/incus/unix.socket';
  const users = '/var/lib/incus/unix.socket.user';
  const lxd = '/var/snap/lxd/common/lxd/unix.socket';

  const asUsers = { [admins]: denied, [users]: named('mine') };

  /** Which sockets are asked, and the result, if these answer or throw, and these other files exist. */
  async function ask(env: NodeJS.ProcessEnv, sockets: Record<string, unknown>, ...files: string[]) {
    const asked: string[] = [];
    const get = async (socket: string, path: string) => {
      asked.push(`${socket} ${path}`);
      if (sockets[socket] instanceof Error) throw sockets[socket];
      return sockets[socket];
    };
    const exists = async (path: string) => path in sockets || files.includes(path);
    const { found, warnings } = await listIncus({ env }, get, exists);
    const all = '/1.0/instances?recursion=2&all-projects=true';
    expect(asked.every((each) => each.endsWith(` ${all}`))).toBe(true);
    return {
      asked: asked.map((each) => each.replace(` ${all}`, '')),
      warnings,
      names: found.map(({ name }) => name),
    };
  }

  it.each([
    { name: 'nothing', sockets: {}, want: { asked: [], names: [], warnings: [] } },
    {
      name: 'both services',
      sockets: { [lxd]: named('l'), [admins]: named('i') },
      want: { asked: [admins, lxd], names: ['i', 'l'], warnings: [] },
    },
    {
      name: 'the first that is there',
      sockets: { [admins]: named('a'), '/run/incus/unix.socket': named('r') },
      want: { asked: ['/run/incus/unix.socket'], names: ['r'] },
    },
    {
      name: 'the users’ socket, by one who has used it, without a warning of the other',
      sockets: asUsers,
      files: [settings],
      want: { asked: [admins, users], names: ['mine'], warnings: [] },
    },
    ...[settings, '/settings/incus'].map((folder) => ({
      name: `the users’ socket with XDG_CONFIG_HOME, by one who has ${folder}`,
      env: { XDG_CONFIG_HOME: '/settings' },
      sockets: asUsers,
      files: [folder],
      want: { asked: [admins, users], names: ['mine'], warnings: [] },
    })),
    {
      name: 'no users’ socket by a relative XDG_CONFIG_HOME',
      env: { XDG_CONFIG_HOME: 'settings' },
      sockets: asUsers,
      files: ['settings/incus'],
      want: { asked: [admins], names: [] },
    },
    {
      name: 'no users’ socket by others, as it would make a project for them',
      sockets: asUsers,
      want: { asked: [admins], names: [], warnings: [{ provider: 'incus', code: 'CLOSED' }] },
    },
    {
      name: 'no users’ socket without a HOME, whose settings are nowhere',
      env: { HOME: '' },
      sockets: asUsers,
      files: ['undefined/.config/incus', '/.config/incus'],
      want: { asked: [admins], names: [] },
    },
    {
      name: 'no second socket of a service that gives no answer',
      sockets: { [admins]: new DiscoveryError('TIMEOUT', 'slow'), [users]: named('mine'), [lxd]: named('l') },
      files: [settings],
      want: { asked: [admins, lxd], names: ['l'], warnings: [{ provider: 'incus', code: 'TIMEOUT' }] },
    },
    {
      name: 'the one that the environment names',
      env: { INCUS_SOCKET: '/i', LXD_DIR: '/l' },
      sockets: { '/i': named('i'), '/l/unix.socket': named('l'), [admins]: named('a') },
      want: { asked: ['/i', '/l/unix.socket'], names: ['i', 'l'] },
    },
    {
      name: 'one that answers with something else',
      sockets: { [admins]: {} },
      want: { names: [], warnings: [{ provider: 'incus', code: 'PROTOCOL' }] },
    },
  ])('$name', async ({ sockets, want, files = [], env: set = {} }) => {
    expect(await ask({ ...env, ...set }, sockets, ...files)).toMatchObject(want);
  });
});
