import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { keepFresh } from '../../src/hosts/keep-fresh.js';
import type { FindMachines } from '../../src/machines/find-machines.js';
import { parseState } from '../../src/ssh/config/state.js';
import { machine, useConfigHome } from '../commands/config/home.js';
import { missingPrograms } from '../helpers/programs.js';

// Without ssh nothing tells the user's StrictHostKeyChecking.
const noSsh = missingPrograms({ ssh: 'openssh-client' });

const home = useConfigHome();
const colima = { ...machine, name: 'colima', target: 'lima/colima', provider: 'lima' } as const;
/** As limactl does, it has the instances of one folder. */
const lima: FindMachines = async ({ env }) => ({
  machines: env.LIMA_HOME === '/c/_lima' ? [colima] : [],
  warnings: [],
});
const inFolder = { LIMA_HOME: '/c/_lima' };
const proxy = () => /^Host colima$\n +ProxyCommand (.*)/m.exec(readFileSync(home.own, 'utf8'))?.[1];
const kept = () =>
  parseState(readFileSync(home.state, 'utf8')).state.machines.map((each) => each.environment);

it.skipIf(noSsh)(
  'a Host has the variables by which its machine was found, for ssh and for its host key',
  async () => {
    await home.install({}, home.io(inFolder), lima);
    expect(proxy()).toMatch(/^\/usr\/bin\/env LIMA_HOME=\/c\/_lima \S.* proxy /);
    expect(kept()).toEqual([inFolder]);
    const text = readFileSync(home.own, 'utf8');
    for (const [line] of text.slice(text.indexOf('Host colima')).matchAll(/KnownHostsCommand .*/g))
      expect(line).toMatch(/^KnownHostsCommand \/usr\/bin\/env "LIMA_HOME=\/c\/_lima" \//);
  },
);

it.skipIf(noSsh)('a Host of a machine that no variable chose has none', async () => {
  await home.install({}, home.io(), async () => ({ machines: [colima], warnings: [] }));
  expect(proxy()).not.toContain('env ');
  expect(kept()).toEqual([undefined]);
});

it.skipIf(noSsh)(
  'the next install without the variable finds the machine, and one that sets it to nothing does not',
  async () => {
    await home.install({}, home.io(inFolder), lima);
    const to = home.io();
    await home.install({}, to, lima);
    expect(to.stdout).toEqual(['nothing to change\n']);
    await home.install({}, home.io({ LIMA_HOME: '' }), lima);
    expect(proxy()).toBeUndefined();
  },
);

it.skipIf(noSsh)('a list without the variable leaves the Host, and adds none of another folder', async () => {
  await home.install({ fresh: true }, home.io(inFolder), lima);
  const before = readFileSync(home.own, 'utf8');
  const other = { ...colima, name: 'default', target: 'lima/default' };
  await keepFresh({ machines: [other], warnings: [] }, home.io());
  expect(readFileSync(home.own, 'utf8')).toBe(before);
});

const secret = 'hunter2';

it
  .skipIf(noSsh)
  .each([
    { value: `tcp://u:${secret}@10.0.0.1:2376` },
    { value: `ssh://u:${secret}@h` },
    { value: `tcp://${secret}@h` },
    { value: `https://h/?token=${secret}` },
    { value: `${secret}/docker.sock`, why: 'it is no absolute path' },
  ])(
  '$value is not kept, and a line says so',
  async ({ value, why = 'it may have a password or a token' }) => {
    const web = { ...machine, name: 'web', target: 'docker/web', provider: 'docker' } as const;
    const to = home.io({ DOCKER_HOST: value });
    await home.install({}, to, async () => ({ machines: [web], warnings: [] }));
    expect(readFileSync(home.own, 'utf8')).toMatch(/^Host web$/m);
    for (const path of [home.own, home.state]) expect(readFileSync(path, 'utf8')).not.toContain(secret);
    expect(to.stderr.join('')).toBe(
      `vmssh: warning: DOCKER_HOST is not kept, since ${why}: ssh finds machines of docker only where it is set\n`,
    );
  },
);

it
  .skipIf(noSsh)
  .each([{ value: 'ssh://u@h' }, { value: 'tcp://127.0.0.1:2375' }, { value: 'unix:///d.sock' }])(
  '$value is kept',
  async ({ value }) => {
    const web = { ...machine, name: 'web', target: 'docker/web', provider: 'docker' } as const;
    await home.install({}, home.io({ DOCKER_HOST: value }), async () => ({ machines: [web], warnings: [] }));
    expect(kept()).toEqual([{ DOCKER_HOST: value }]);
  },
);

it.skipIf(noSsh)(
  "takes no variable of another kind from a state that anybody's program may have written",
  async () => {
    await home.install({}, home.io(inFolder), lima);
    const text = readFileSync(home.state, 'utf8').replace('"LIMA_HOME"', '"LD_PRELOAD"');
    writeFileSync(home.state, text);
    expect(kept()).toEqual([undefined]);
  },
);
