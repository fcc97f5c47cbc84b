import { describe, expect, it } from 'vitest';
import { parseTarget, resolveTarget } from '../../../src/kinds/kinds.js';
import { firstRoute } from '../../../src/reach/routes.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { usePeerFolder } from '../machined/varlink-peer.js';
import { useJsonServices } from '../managers/json-services.js';
import { byFirstRoute } from '../resolved.js';

const dir = useTempDir();
const serve = useJsonServices(dir);
const folder = usePeerFolder();

const outcome = async (text: string) =>
  byFirstRoute(
    await resolveTarget(parseTarget(text), {
      ...{ text, port: 22, platform: 'linux', runDir: `${folder.path}/run` },
      env: { XDG_RUNTIME_DIR: `${folder.path}/user` },
    }),
  );
const v262 = (scope: string, name: string) => `${scope}/systemd/nspawn/${name}/unix-export/ssh`;
const v257 = (scope: string, name: string) => `${scope}/systemd/nspawn/unix-export/${name}/ssh`;

describe('a container', () => {
  it('is found by its export, in another case', async () => {
    const path = await folder.abandon(v262('run', 'C1'));
    const steps = [`container "C1" exports ${path}`];
    expect(await outcome('container%c1')).toEqual({ endpoint: { family: 'unix', path }, steps });
  });

  it('of two that differ in case only is ambiguous', async () => {
    await folder.abandon(v262('run', 'Web'));
    await folder.abandon(v257('run', 'WEB'));
    await expect(outcome('container/web')).rejects.toMatchObject({
      op: 'resolve',
      code: 'AMBIGUOUS',
      problem: '"web" may be "container/Web" or "container/WEB"',
      hint: 'type one of these; vmssh list -o wide shows what each is',
    });
  });

  it('that is not there: which are', async () => {
    await folder.abandon(v262('run', 'other'));
    await expect(outcome('container/c1')).rejects.toMatchObject({
      name: 'ConnectError',
      op: 'resolve',
      code: 'NOT_FOUND',
      problem: 'no container "c1" exports an SSH socket: found "other"',
      hint: expect.stringContaining('machinectl list'),
    });
  });
});

describe('a container of another manager', () => {
  const container = (digit: string, name: string, more: object = {}) => ({
    ...{ Id: digit.repeat(64), Names: [name], State: 'running', ...more },
  });
  const mounted = (Source: string) => ({
    Mounts: [{ Type: 'bind', Source, Destination: '/run/host/unix-export' }],
  });
  let made = 0;
  /** The machine that `text` means, while Docker and Podman have these. */
  const machineOf = async (
    text: string,
    docker: readonly object[],
    podman: readonly object[] = [],
    port = 22,
  ) => {
    made++;
    const list = 'containers/json?all=true';
    const dockers = await serve(`docker${made}.sock`, { [`/${list}`]: JSON.stringify(docker) });
    const podmans = await serve(`podman${made}.sock`, { [`/v4.0.0/libpod/${list}`]: JSON.stringify(podman) });
    const hosts = { DOCKER_HOST: `unix://${dockers}`, CONTAINER_HOST: `unix://${podmans}` };
    return resolveTarget(parseTarget(text), {
      ...{ text, port, platform: 'linux', runDir: `${folder.path}/run` },
      env: { XDG_RUNTIME_DIR: `${folder.path}/user`, ...hosts },
    });
  };
  const withThese = async (...asked: Parameters<typeof machineOf>) => {
    const [text, , , port = 22] = asked;
    return firstRoute(await machineOf(...asked), { text, port });
  };

  it.each(['container/web', 'docker/web', 'container/aaaaaaaaaaaa'])(
    'is reached by the socket that it exports: %s',
    async (text) => {
      const path = await folder.abandon('export/ssh');
      const all = [container('a', '/web', mounted(`${folder.path}/export`))];
      expect(await withThese(text, all)).toMatchObject({ endpoint: { family: 'unix', path } });
    },
  );

  it('that is on a network has --route ip in the hint for another port', async () => {
    const networks = { Networks: { bridge: { IPAddress: '172.17.0.2' } } };
    const all = [container('a', '/web', { NetworkSettings: networks })];
    await expect(withThese('docker/web', all, [], 8080)).rejects.toMatchObject({
      code: 'NO_PORT',
      problem: 'docker starts its SSH server only: port 8080 cannot be reached',
      hint: expect.stringMatching(
        /^--route ip for the port of its IP address, use port 22, its SSH server .*, or/,
      ),
    });
  });

  it("is not asked for while one of nspawn's has the name", async () => {
    const path = await folder.abandon(v262('run', 'web'));
    expect(await withThese('container/web', [container('a', '/web')])).toMatchObject({ endpoint: { path } });
  });

  it('is ambiguous if two managers have the name', async () => {
    const found = withThese('container/web', [container('a', '/web')], [container('b', 'web')]);
    await expect(found).rejects.toMatchObject({
      code: 'AMBIGUOUS',
      problem: '"web" may be "podman/web" or "docker/web"',
    });
  });

  const asked = expect.stringMatching(/^--host=unix:.*\/docker\d+\.sock$/);
  it.each([
    { State: 'exited', problem: '"web" is off', command: 'start' },
    { State: 'paused', problem: '"web" is paused', command: 'unpause' },
  ])('that is $State is not up: its manager has the command', async ({ State, problem, command }) => {
    await expect(withThese('container/web', [container('a', '/web', { State })])).rejects.toMatchObject({
      problem,
      start: {
        machine: 'web',
        command: ['docker', asked, command, 'web'],
        log: ['docker', asked, 'logs', 'web'],
      },
    });
  });

  it('that its manager restarts again and again is said to end, with the command that shows why', async () => {
    const state = { State: 'restarting', Status: 'Restarting (1) 3 seconds ago' };
    await expect(withThese('docker/web', [container('a', '/web', state)])).rejects.toMatchObject({
      problem: '"web" is not up: it ended, and its manager restarts it',
      hint: expect.stringMatching(/^see why it ends: docker --host=unix:\S+ logs web$/),
    });
    expect(await machineOf('podman/web', [], [container('a', 'web', { Restarts: 12 })])).toMatchObject({
      routes: [{ endpoint: { family: 'exec' } }],
      trouble: { problem: 'it ended and was restarted 12 times', hint: expect.stringContaining(' logs web') },
    });
    const quiet = await machineOf('podman/web', [], [container('a', 'web', { Restarts: 0 })]);
    expect(quiet.trouble).toBeUndefined();
  });

  /** What `text` means where no service answers. */
  const withoutAny = (text: string, env: Readonly<Record<string, string>>) => {
    const context = { text, port: 22, platform: 'linux', runDir: `${folder.path}/none`, env } as const;
    return resolveTarget(parseTarget(text), context);
  };
  it.each([
    { manager: 'docker', address: 'ssh://me@hv1:22', says: 'hv1: type "via/hv1/docker/web"' },
    { manager: 'docker', address: 'ssh://me@hv1:2222', says: 'port 2222 of hv1: make that a Host' },
    { manager: 'docker', address: 'tcp://hv1:2376', says: 'hv1: type "via/hv1/docker/web"' },
    { manager: 'podman', address: 'ssh://me@hv1/run/podman.sock', says: 'hv1: type "via/hv1/podman/web"' },
  ])('of the host that $manager itself asks at $address is named with it', async (row) => {
    const env = { DOCKER_HOST: row.address, CONTAINER_HOST: row.address };
    const hint = expect.stringContaining(`${row.manager} itself asks ${row.says}`);
    await expect(withoutAny(`${row.manager}/web`, env)).rejects.toMatchObject({ hint });
  });

  it('is not said to be none where Docker asks a port of this host', async () => {
    await expect(withoutAny('docker/web', { DOCKER_HOST: 'tcp://localhost:2375' })).rejects.toMatchObject({
      problem: expect.stringContaining('docker asks tcp://localhost:2375, which vmssh does not'),
      hint: 'vmssh asks docker by a unix socket, or on another host: type "via/HOST/docker/web"',
    });
  });

  it('that nobody has is named with those there are', async () => {
    const found = withThese('container/web2', [container('a', '/web')], [container('b', 'db')]);
    await expect(found).rejects.toMatchObject({
      code: 'NOT_FOUND',
      problem: expect.stringMatching(/^no container "web2" exports an SSH socket: found "db", "web"$/),
      hint: 'did you mean "web"?',
    });
    // Compose's service, by its name alone.
    const all = ['1', '2'].map((each) => container(each, `/shop-api-${each}`));
    const hint = 'did you mean "shop-api-1" or "shop-api-2"?';
    await expect(withThese('docker/API', all)).rejects.toMatchObject({ hint });
  });
});
