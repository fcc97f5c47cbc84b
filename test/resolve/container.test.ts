import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveTarget } from '../../src/kinds/kinds.js';
import { parseTarget } from '../../src/kinds/parse.js';
import { PeerFolder } from '../discovery/machined/varlink-peer.js';

let folder: PeerFolder;
beforeEach(() => {
  folder = new PeerFolder();
});
afterEach(() => folder.stop());

const outcome = (text: string) =>
  resolveTarget(parseTarget(text), {
    text,
    port: 22,
    platform: 'linux',
    runDir: `${folder.path}/run`,
    env: { XDG_RUNTIME_DIR: `${folder.path}/user` },
  });
const v262 = (scope: string, name: string) => `${scope}/systemd/nspawn/${name}/unix-export/ssh`;
const v257 = (scope: string, name: string) => `${scope}/systemd/nspawn/unix-export/${name}/ssh`;

describe('a container', () => {
  it.each([
    { name: "systemd 262's", path: v262('run', 'c1') },
    { name: "systemd 257's", path: v257('run', 'c1') },
    { name: "the user's", path: v262('user', 'c1') },
  ])('is found by $name export', async ({ path }) => {
    const want = await folder.abandon(path);
    expect(await outcome('container/c1')).toEqual({
      endpoint: { family: 'unix', path: want },
      steps: [`container "c1" exports ${want}`],
    });
  });

  it('is found in another case', async () => {
    const want = await folder.abandon(v262('run', 'C1'));
    expect(await outcome('container%c1')).toEqual({
      endpoint: { family: 'unix', path: want },
      steps: [`container "C1" exports ${want}`],
    });
  });

  it('of two that differ in case only is ambiguous', async () => {
    await folder.abandon(v262('run', 'Web'));
    await folder.abandon(v257('run', 'WEB'));
    await expect(outcome('container/web')).rejects.toMatchObject({
      op: 'resolve',
      code: 'AMBIGUOUS',
      problem: '"web" may be "container/Web" or "container/WEB"',
      hint: 'type one of these, or the UUID: vmssh list -o wide',
    });
  });

  it('that is not there: where it was looked for, and which are', async () => {
    await folder.abandon(v262('run', 'other'));
    const tried = ['user', 'run'].flatMap((scope) => [v262(scope, 'c1'), v257(scope, 'c1')]);
    const looked = tried.map((path) => `${folder.path}/${path}`).join(', ');
    await expect(outcome('container/c1')).rejects.toMatchObject({
      name: 'ConnectError',
      op: 'resolve',
      code: 'NOT_FOUND',
      problem: `no container "c1" exports an SSH socket: found "other"; looked for ${looked}`,
      hint: expect.stringContaining('machinectl list'),
    });
  });
});
