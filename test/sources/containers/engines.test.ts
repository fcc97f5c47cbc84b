import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dockerEngines, podmanEngines } from '../../../src/sources/containers/engines.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';

const dir = useTempDir();
/** A home whose docker uses a context with this address. */
const homeWith = (name: string, host: string) => {
  const home = join(dir, name);
  const meta = join(home, '.docker/contexts/meta', createHash('sha256').update(name).digest('hex'));
  writeTree(home, { '.docker/config.json': JSON.stringify({ currentContext: name }) });
  const context = { Name: name, Endpoints: { docker: { Host: host } } };
  writeTree(meta, { 'meta.json': JSON.stringify(context) });
  return home;
};
const docker = async (own: Readonly<Record<string, string>>, platform: NodeJS.Platform = 'linux') => {
  const { others, elsewhere } = await dockerEngines({ env: { HOME: dir, ...own }, platform, runDir: '/run' });
  return [...others.map(({ socket }) => socket), ...(elsewhere ? [`not ${elsewhere}`] : [])];
};
const system = '/run/docker.sock';
const user = '/run/user/7/docker.sock';

describe("Docker's sockets", () => {
  it("are the system's and the user's own", async () => {
    expect(await docker({ XDG_RUNTIME_DIR: '/run/user/7' })).toEqual([system, user]);
    expect(await docker({ XDG_RUNTIME_DIR: 'run' })).toEqual([system]);
    expect(await docker({}, 'darwin')).toEqual(['/var/run/docker.sock']);
  });

  it('are that of DOCKER_HOST only', async () => {
    expect(await docker({ DOCKER_HOST: `unix://${user}`, XDG_RUNTIME_DIR: '/run/user/7' })).toEqual([user]);
    expect(await docker({ DOCKER_HOST: 'unix:///var/run/docker.sock' })).toEqual([system]);
  });

  it.each(['ssh://me@hv1', 'tcp://192.0.2.1:2376', 'npipe:////./pipe/docker_engine'])(
    'are those of this host, whatever host %s is',
    async (DOCKER_HOST) => {
      expect(await docker({ DOCKER_HOST })).toEqual([system, `not ${DOCKER_HOST}`]);
    },
  );

  it("are the context's and the system's", async () => {
    const HOME = homeWith('desktop-linux', 'unix:///home/u/.docker/desktop/docker.sock');
    const both = ['/home/u/.docker/desktop/docker.sock', system];
    expect(await docker({ HOME })).toEqual(both);
    const meta = { DOCKER_CONFIG: join(HOME, '.docker'), DOCKER_CONTEXT: 'desktop-linux' };
    expect(await docker(meta)).toEqual(both);
    expect(await docker({ HOME, DOCKER_CONTEXT: 'default' })).toEqual([system]);
    expect(await docker({ HOME: homeWith('far', 'ssh://hv1') })).toEqual([system, 'not ssh://hv1']);
    expect(await docker({ HOME, DOCKER_CONTEXT: 'gone' })).toEqual([system, 'not the missing context gone']);
    expect(await docker({ HOME: '' })).toEqual([system]); // As after sudo -E.
  });

  it.each(['', '{', '[]', '{"currentContext":7}'])(
    "are the system's with a configuration of %j",
    async (text) => {
      const home = join(dir, `broken ${text.length}`);
      writeTree(home, { '.docker/config.json': text });
      expect(await docker({ HOME: home })).toEqual([system]);
    },
  );
});

describe("Podman's sockets", () => {
  const sockets = (env: Readonly<Record<string, string>>, uid: number) => {
    const { own, others } = podmanEngines({ env }, uid);
    return [own?.socket, ...others.map(({ socket }) => socket)];
  };
  const root = '/run/podman/podman.sock';

  it("are the user's own and root's", () => {
    const user = { XDG_RUNTIME_DIR: '/run/user/7' };
    expect(sockets(user, 7)).toEqual(['/run/user/7/podman/podman.sock', root]);
    expect(sockets({}, 7)).toEqual(['/run/user/7/podman/podman.sock', root]);
    expect(sockets({ XDG_RUNTIME_DIR: '/run/user/0' }, 0)).toEqual([root]);
  });

  it('are that of CONTAINER_HOST only, if it is one', () => {
    const given = [undefined, '/x.sock'];
    expect(sockets({ CONTAINER_HOST: 'unix:///x.sock' }, 7)).toEqual(given);
    expect(sockets({ CONTAINER_HOST: 'ssh://hv1/run/podman.sock' }, 0)).toEqual([root]);
  });
});
