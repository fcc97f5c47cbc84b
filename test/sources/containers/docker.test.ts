import { chownSync, mkdirSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { docker, listDocker } from '../../../src/sources/containers/docker.js';
import { engineExec } from '../../../src/sources/containers/engines.js';
import { addressOf, routeTo } from '../../../src/sources/routes.js';
import { type DiscoveredMachine, DiscoveryError } from '../../../src/sources/source.js';
import { execRoutes } from '../../../src/sources/tools/exec-route.js';
import { authorityOf } from '../../../src/sources/trusted-path.js';
import { missingRoot, otherUser } from '../../helpers/other-user.js';
import { listening } from '../../helpers/sockets/servers.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { fixture } from '../fixture.js';
import { useJsonServices } from '../managers/json-services.js';

const dir = useTempDir();
const serve = useJsonServices(dir);
const list = '/containers/json?all=true';
const recorded = fixture('docker/docker26.1.5-containers.json');
const at = (socket: string) => ({ env: { DOCKER_HOST: `unix://${socket}` }, timeoutMs: 60_000 });
const none = { found: [], warnings: [] };
let made = 0;
/** What is listed while the daemon has these containers. */
const listed = async (...all: readonly object[]) =>
  docker.list(at(await serve(`d-${made++}`, { [list]: JSON.stringify(all) })));
const routeNames = ({ routes }: DiscoveredMachine) => routes?.map(({ name }) => name);
const idOf = (digit: string) => digit.repeat(64);
const uuid = (digit: string) => [8, 4, 4, 4, 12].map((length) => digit.repeat(length)).join('-');
const container = (digit: string, name: string, more: object = {}) => ({
  ...{ Id: idOf(digit), Names: [`/${name}`], State: 'running', Labels: {}, Mounts: [], ...more },
});

describe("Docker's containers", () => {
  it('are listed by one request to its socket', async () => {
    const socket = await serve('d1', { [list]: recorded });
    const { found, warnings } = await docker.list(at(socket));
    expect(warnings).toEqual([]);
    expect(found.map(({ target, status }) => `${target} ${status}`)).toEqual([
      ...['docker/dheld paused', 'docker/dgone off', 'docker/dnever off', 'docker/dtemp running'],
      ...['docker/dexported running', 'docker/web running'],
    ]);
    const [id, url] = [
      '9ae173f4c9c4b9c1524c9b550435ef3d53dd87790340a5c11f1310aff0fcc487',
      `unix://${socket}`,
    ];
    expect(found.at(-1)).toEqual({
      ...{ name: 'web', target: 'docker/web', status: 'running', provider: 'docker' },
      uuid: '9ae173f4-c9c4-b9c1-524c-9b550435ef3d',
      authority: authorityOf(),
      routes: execRoutes(engineExec('docker', id, url), 'web'),
      container: {
        ...{ id, url },
        labels: { role: 'front', note: 'a, b=c' },
      },
    });
  });

  it('have the socket that they export as their address, while they run', async () => {
    const source = join(dir, 'export');
    mkdirSync(source);
    await listening(createServer(), join(source, 'ssh'));
    const Mounts = [{ Type: 'bind', Source: source, Destination: '/run/host/unix-export' }];
    const off = container('b', 'off', { Mounts, State: 'exited' });
    const { found } = await listed(container('a', 'on', { Mounts }), off);
    expect(found.map(addressOf)).toEqual([`unix${source}/ssh`, undefined]);
    expect(found.map(routeNames)).toEqual([['export', 'exec'], undefined]);
  });

  it('lack only a socket whose path is too long', async () => {
    const short = join(dir, 's');
    const source = join(dir, 'long'.repeat(40));
    mkdirSync(short);
    await listening(createServer(), join(short, 'ssh'));
    renameSync(short, source);
    const Mounts = [{ Type: 'bind', Source: source, Destination: '/run/host/unix-export' }];
    const { found, warnings } = await listed(container('a', 'long', { Mounts }), container('b', 'web'));
    expect(found.map(routeNames)).toEqual([['exec'], ['exec']]);
    const problem = expect.stringMatching(/^container long: the socket path has \d+ bytes/);
    expect(warnings).toMatchObject([{ code: 'INCOMPLETE', problem }]);
  });

  const ann = join(dir, 'ann');
  const prod = join(ann, 'prod');
  mkdirSync(prod, { recursive: true });
  const label = 'devcontainer.local_folder';
  const Labels = { [label]: prod };
  const hosts = { Type: 'bind', Source: '/etc/hosts', Destination: '/workspaces/prod/hosts' };
  const dev = (digit: string, name: string, Source: string, Destination = '/workspaces/prod', more = {}) =>
    container(digit, name, { Labels, Mounts: [hosts, { Type: 'bind', Source, Destination, ...more }] });
  /** The label of its image. */
  const brings = (folder: string) => ({
    ...dev('a', 'a', ann, '/workspaces/ann'),
    Labels: { [label]: folder },
  });

  const quirky = dev('a', 'quirky', prod);
  it.each<[what: string, all: readonly object[], names: readonly string[]]>([
    ['called as its folder', [quirky, container('b', 'web')], ['prod', 'web']],
    ['so too in a git repository', [dev('a', 'a', ann, '/workspaces/ann')], ['prod']],
    ['so too by compose', [dev('a', 'a', ann, '/workspaces')], ['prod']],
    // An image can bring the label.
    ['not, if it has no mount of that folder', [dev('a', 'a', ann)], ['a']],
    ['not by one with its beginning', [dev('a', 'a', ann.slice(0, -1), '/workspaces/an')], ['a']],
    ['not by one that is elsewhere', [dev('a', 'a', ann, '/home/ann')], ['a']],
    ['not by a volume', [dev('a', 'a', '', '/workspaces')], ['a']],
    ['not by a volume with a path', [dev('a', 'a', ann, '/workspaces', { Type: 'volume' })], ['a']],
    ['not by a folder that is not there', [brings(join(ann, 'deploy'))], ['a']],
    ['not by a path that leads out', [brings(`${ann}/../ann/prod`)], ['a']],
    ['not, if another one is for such a folder', [quirky, dev('b', 'b', prod)], ['quirky', 'b']],
    ['not, if another one has the name', [quirky, container('b', 'Prod')], ['quirky', 'Prod']],
  ])('for development are $0', async (_, all, names) => {
    expect((await listed(...all)).found.map(({ name }) => name)).toEqual(names);
  });

  it('that are called as their folder are found by that and by their own name, by which they are started', async () => {
    const all = [dev('a', 'Quirky', prod), container('b', 'web')];
    const deps = at(await serve('dev', { [list]: JSON.stringify(all) }));
    const host = `--host=${deps.env.DOCKER_HOST}`;
    for (const typed of ['prod', 'Quirky', 'quirky', idOf('a')]) {
      const search = await docker.find?.(typed, deps);
      expect(search).toMatchObject({ outcome: 'found', machine: { name: 'prod', target: 'docker/Quirky' } });
      const machine = search?.outcome === 'found' ? search.machine : expect.unreachable();
      expect(docker.start?.(machine, {})).toMatchObject({ command: ['docker', host, 'start', 'Quirky'] });
    }
  });

  // "web" is another one's too.
  it.each(['web', 'a/b', '..', 'a\u001b[31m'])(
    'with a name that no target can have, %j, are typed by the UUID',
    async (name) => {
      const { found } = await listed(container('a', 'web'), container('b', name));
      expect(found[1]).toMatchObject({ name, target: `docker/${uuid('b')}` });
    },
  );

  it('have their address on a network as the last of their routes', async () => {
    const NetworkSettings = { Networks: { a: { IPAddress: '' }, b: { IPAddress: '172.17.0.2' } } };
    const v6 = { Networks: { a: { GlobalIPv6Address: 'fd00::2' } } };
    const odd = { Networks: { a: { IPAddress: '-oX' }, b: 7 } };
    const { found } = await listed(
      container('a', 'one', { NetworkSettings }),
      container('b', 'two', { NetworkSettings: v6 }),
      container('c', 'odd', { NetworkSettings: odd }),
      container('d', 'off', { NetworkSettings, State: 'exited' }),
    );
    expect(found.map(({ routes = [] }) => routes.filter(({ name }) => name === 'ip'))).toEqual([
      ...[[routeTo('172.17.0.2')], [routeTo('fd00::2')], [], []],
    ]);
  });

  it('are gone into by their id, whatever their name is', async () => {
    const { found } = await listed(container('a', '--privileged'));
    const command = expect.arrayContaining(['--', idOf('a')]);
    expect(found[0]?.routes).toMatchObject([{ endpoint: { command } }]);
  });

  it('are found by name, by id and by the id that `docker ps` prints', async () => {
    const socket = await serve('d4', { [list]: recorded });
    const find = async (name: string) => {
      const search = await docker.find?.(name, at(socket));
      return search?.outcome === 'found' ? search.machine.target : search?.outcome;
    };
    const whole = '9ae173f4c9c4b9c1524c9b550435ef3d53dd87790340a5c11f1310aff0fcc487';
    for (const name of ['web', 'WEB', whole.slice(0, 12), whole, '9ae173f4-c9c4-b9c1-524c-9b550435ef3d'])
      expect(await find(name), name).toBe('docker/web');
    expect(await find(whole.slice(0, 10))).toBe('unknown');
  });

  it.each([
    { name: 'is no list', answer: '{"message":"x"}', code: 'PROTOCOL' },
    { name: 'does not come', answer: undefined, code: 'TIMEOUT' },
  ])('are a warning if the answer $name', async ({ name, answer, code }) => {
    const socket = await serve(`d5-${name.length}`, { [list]: answer });
    const deps = code === 'TIMEOUT' ? { ...at(socket), timeoutMs: 50 } : at(socket);
    expect(await docker.list(deps)).toMatchObject({ found: [], warnings: [{ provider: 'docker', code }] });
  });

  it('are none if Docker is not there, or has stopped', async () => {
    expect(await docker.list(at(join(dir, 'absent')))).toEqual(none);
    const socket = await serve('d6', {});
    const refuse = (code: string) =>
      listDocker(at(socket), () => Promise.reject(new DiscoveryError(code, 'no')));
    expect(await refuse('ECONNREFUSED')).toEqual(none);
    const problem = `this user may not open ${socket}: its group may (docker)`;
    const closed = { provider: 'docker', code: 'CLOSED', problem };
    expect(await refuse('EACCES')).toEqual({ found: [], warnings: [closed] });
  });

  it('are not asked of a folder or a file', async () => {
    const never = () => Promise.reject(new Error('asked'));
    expect(await listDocker(at(dir), never)).toEqual(none);
  });

  const missing = missingRoot("another user's Docker");
  it.skipIf(missing)(`are not asked of somebody else's socket ${missing ?? ''}`, async () => {
    const socket = join(dir, 'theirs/docker.sock');
    mkdirSync(dirname(socket));
    await serve('theirs/docker.sock', { [list]: recorded });
    chownSync(socket, otherUser.uid ?? 0, 0);
    const deps = { env: { XDG_RUNTIME_DIR: dirname(socket) }, runDir: join(dir, 'run') };
    const problem = `${socket} belongs to another user, or another user can replace it: not asked`;
    const untrusted = { provider: 'docker', code: 'UNTRUSTED', problem };
    expect(await docker.list(deps)).toEqual({ found: [], warnings: [untrusted] });
  });

  it('are started, or go on, by its command', async () => {
    const socket = await serve('d7', { [list]: recorded });
    const env = { XDG_RUNTIME_DIR: dir, DOCKER_HOST: 'ssh://hv1' };
    expect(docker.start?.((await docker.list(at(socket))).found[0] as never, {})).toEqual({
      machine: 'dheld',
      command: ['docker', `--host=unix://${socket}`, 'unpause', 'dheld'],
      log: ['docker', `--host=unix://${socket}`, 'logs', 'dheld'],
    });
    await serve('docker.sock', { [list]: recorded });
    const { found, warnings } = await docker.list({ env, runDir: join(dir, 'run') });
    const problem = 'docker asks ssh://hv1, which vmssh does not';
    expect(warnings).toEqual([{ provider: 'docker', code: 'ELSEWHERE', problem }]);
    expect(docker.start?.(found[1] as never, {})).toMatchObject({
      command: ['docker', `--host=unix://${dir}/docker.sock`, 'start', 'dgone'],
    });
  });
});
