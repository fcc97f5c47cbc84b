import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { ended, ends, failing } from '../../helpers/expected.js';
import { missingRoot } from '../../helpers/other-user.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run, runtime, vmssh } from '../../helpers/run.js';
import { giveVmssh, needed, python } from './hypervisors.js';
import { type MachineName, machines } from './namespace.js';
import { useNetwork } from './network.js';

const tools = { ...needed, ip: 'iproute2', nsenter: 'util-linux', rsync: 'rsync', git: 'git' };
const hosts = ['hv1', 'hv2', 'hv3'] as const;
const names = Object.keys(machines) as readonly MachineName[];
/** VMSSH_TRIAL=1: every tool on every machine, and more bytes. */
const isWhole = process.env.VMSSH_TRIAL === '1';
const every = hosts.flatMap((host) => names.map((name) => [host, name] as const));
const logins = isWhole ? every : hosts.map((host, at) => [host, names[at] ?? 'socket'] as const);
const tried = isWhole ? every : logins.slice(1, 2);
const mebibytes = isWhole ? 256 : 8;
/** A network needs root, and one runtime is enough. */
const skip =
  (runtime !== 'node' && !isWhole) ||
  missingRoot('a network of hypervisors') ||
  missingAddon() ||
  missingPrograms(isWhole ? { ...tools, ansible: 'ansible-core' } : tools);

describe.skipIf(skip)('three hypervisors in a network', () => {
  const net = useNetwork(hosts);
  const { dir } = net;
  const typed = (host: string, name: MachineName) => `via%${host}%${machines[name]}`;
  const path = (name: string) => join(dir, name);
  const within = (...command: string[]) =>
    run(command, { env: { ...net.env, GIT_SSH_COMMAND: `ssh -F ${net.config}` }, timeout: 300_000 });

  beforeAll(() => {
    // hv2 has no vmssh and prints something, hv3 is slow when it is told to be.
    for (const host of ['hv1', 'hv3']) giveVmssh(net, net.home(host));
    writeFileSync(join(net.home('hv2'), '.bashrc'), 'echo "Welcome to hv2"\n');
  });

  it.each(logins)('ssh logs in over %s: %s', async (host, name) => {
    expect(await within('ssh', '-F', net.config, typed(host, name), 'echo $MACHINE')).toMatchObject(
      ended(0, `${name}.${host}\n`),
    );
  });

  describe.each(tried)('over %s: %s', (host, name) => {
    it('scp, rsync and git carry files both ways', async () => {
      const [from, there, back] = ['from', 'there', 'back'].map((end) => path(`${host}-${name}-${end}`)) as [
        string,
        string,
        string,
      ];
      const machine = typed(host, name);
      writeFileSync(from, randomBytes(1_000_001));
      await ends(0, within('scp', '-q', '-F', net.config, from, `${machine}:${there}`));
      await ends(0, within('scp', '-q', '-F', net.config, `${machine}:${there}`, back));
      expect(readFileSync(back).equals(readFileSync(from))).toBe(true);
      mkdirSync(`${there}.d`);
      const rsync = ['rsync', '-a', '-e', `ssh -F ${net.config}`];
      await ends(0, within(...rsync, from, `${machine}:${there}.d/file`));
      await ends(0, within(...rsync, `${machine}:${there}.d/`, `${back}.d/`));
      expect(readFileSync(`${back}.d/file`).equals(readFileSync(from))).toBe(true);
      const git = ['git', '-c', 'user.name=x', '-c', 'user.email=x@x'];
      await within(...git, 'init', '-q', `${there}.git`);
      await within(...git, '-C', `${there}.git`, 'commit', '-q', '--allow-empty', '-m', `by ${name}`);
      await ends(0, within(...git, 'clone', '-q', `${machine}:${there}.git`, `${back}.git`));
      expect((await within(...git, '-C', `${back}.git`, 'log', '--format=%s')).stdout).toBe(`by ${name}\n`);
    }, 300_000);

    it(`${mebibytes} MiB arrive whole, both ways at once`, { timeout: 300_000 }, async () => {
      const file = path('many-bytes');
      if (!existsSync(file))
        await within('dd', 'if=/dev/urandom', `of=${file}`, 'bs=1M', `count=${mebibytes}`);
      const { stdout } = await within(
        'sh',
        '-c',
        `sha256sum <"$1"; ssh -F "$2" "$3" cat <"$1" | sha256sum`,
        'sh',
        file,
        net.config,
        typed(host, name),
      );
      const [sent, came] = stdout.trim().split('\n');
      expect(came).toBe(sent);
    });
  });

  it.runIf(isWhole)('Ansible pings a machine of each', { timeout: 300_000 }, async () => {
    writeFileSync(
      path('inventory'),
      tried.map(([host, name]) => `${host}-${name} ansible_host=${typed(host, name)}\n`).join(''),
    );
    const { code, stdout } = await run(
      ['ansible', '-i', path('inventory'), 'all', '-m', 'ping', '--private-key', path('id')],
      {
        timeout: 300_000,
        env: {
          ...net.env,
          HOME: path('ansible-home'),
          ANSIBLE_REMOTE_TEMP: path('remote'),
          ANSIBLE_PYTHON_INTERPRETER: python(),
          ANSIBLE_SSH_ARGS: `-F ${net.config} -o ControlMaster=no`,
        },
      },
    );
    expect({ code, pongs: stdout.match(/"ping": "pong"/g)?.length }).toEqual({
      code: 0,
      pongs: tried.length,
    });
  });

  it('a slow one holds up nobody else', async () => {
    await within('mkfifo', path('gate'));
    writeFileSync(
      join(net.home('hv3'), '.bashrc'),
      `echo come >>'${path('came')}'; read -r _ <'${path('gate')}'\n`,
    );
    const ask = (...asked: string[]) =>
      run([...vmssh, 'list', '--json', '--via', ...asked], { env: net.env });
    const slow = ask('hv1,hv3');
    const fast = await ask('hv1');
    expect(JSON.parse(fast.stdout).machines).toContainEqual(
      expect.objectContaining({ target: 'via/hv1/container/web' }),
    );
    const login = await within('ssh', '-F', net.config, typed('hv1', 'socket'), 'echo hello');
    expect(login.stdout).toBe('hello\n');
    writeFileSync(openSync(path('gate'), 'w'), 'go\n');
    const { code, stdout } = await slow;
    const targets = JSON.parse(stdout).machines.map(({ target }: { target: string }) => target);
    expect(code).toBe(0);
    expect(targets).toEqual(expect.arrayContaining(['via/hv1/container/web', 'via/hv3/container/web']));
    writeFileSync(join(net.home('hv3'), '.bashrc'), '');
  });

  it('one that loses its power is an error, and a row in the list', async () => {
    await net.kill('hv3');
    const login = await run([...vmssh, 'nc', '--banner', '--timeout=1', typed('hv3', 'socket')], {
      env: net.env,
    });
    expect(login).toMatchObject(failing(1, /HOP_FAILED|HOP_SILENT/));
    const list = await run([...vmssh, 'list', '--json', '--via', 'hv1,hv2,hv3'], { env: net.env });
    const { machines: found, errors } = JSON.parse(list.stdout);
    expect(found.map(({ via }: { via: string }) => via)).toContain('hv1');
    expect(errors.map(({ target }: { target: string }) => target)).toEqual(['hv2', 'hv3']);
  });
});
