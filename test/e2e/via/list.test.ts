import { spawn } from 'node:child_process';
import { on } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import { missingAddon } from '../../helpers/addon.js';
import { ended, ends, printing, saying } from '../../helpers/expected.js';
import { lacks, missingPrograms } from '../../helpers/programs.js';
import { outcome, run, vmssh, vmsshWords } from '../../helpers/run.js';
import { useMachined } from '../../helpers/sockets/peers.js';
import { script } from '../../helpers/temp-dir.js';
import { giveVmssh, needed, python, useHypervisors } from './hypervisors.js';

const uuid = '11111111-2222-4333-8444-555555555555';

describe.skipIf(missingPrograms(needed))('vmssh list --via', () => {
  const lists: JsonObject[][] = [[], []];
  const [first, second] = lists.map((list) => useMachined(list).env);
  const bed = useHypervisors({ hv1: { env: { ...first } }, hv2: { env: { ...second } }, bare: {} });
  const { dir, env } = bed;
  beforeAll(() => {
    // Another machine has another socket.
    const relay = createServer({ allowHalfOpen: true }, (client) => {
      const sshd = connect({ path: join(dir, 'ssh.sock'), allowHalfOpen: true });
      for (const each of [client, sshd]) each.on('error', () => {});
      client.pipe(sshd).pipe(client);
    });
    relay.listen(join(dir, 'twin.sock')).unref();
    for (const [at, name] of ['web', 'db'].entries()) {
      const socket = (file: string) => `unix${join(dir, file).replaceAll('/', '%')}`;
      lists[at]?.push(
        { name, class: 'vm', sshAddress: socket('ssh.sock') },
        { name: 'twin', class: 'vm', id: uuid, sshAddress: socket('twin.sock') },
        { name: 'same', class: 'vm' },
      );
    }
  });
  const ours = (...args: string[]) => run([...vmssh, ...args], { env });
  beforeAll(() => {
    for (const name of ['hv1', 'hv2']) giveVmssh(bed, bed.hosts[name]?.home);
    writeFileSync(join(bed.hosts.hv2?.home ?? '', '.bashrc'), 'echo "Welcome to hv2"\n');
    bed.configure('', { down: 1 });
  });

  it('has the machines of each, and a row with the reason for one that does not answer', async () => {
    const { code, stdout, stderr } = await ours('list', '--via', 'hv1,down', '--via=bare', '--via', 'hv2');
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    for (const row of [
      ['running', 'web', 'via/hv1/machine/web', 'machined', 'hv1'],
      ['running', 'db', 'via/hv2/machine/db', 'machined', 'hv2'],
      [
        'failed',
        '-',
        '-',
        '-',
        'bare',
        'it has no vmssh; ssh bare mkdir -p .local/bin && scp vmssh bare:.local/bin/',
      ],
    ])
      expect(rows).toContainEqual(row);
    expect(rows.find(([, , , , host]) => host === 'down')?.[5]).toMatch(
      /Connection refused; .*: ssh down true$/,
    );
  });

  it('says how one answer is enough for a hypervisor that asks for a second factor', async () => {
    const asks = join(dir, 'asks');
    script(asks, 'echo "ann@hv3: Permission denied (keyboard-interactive)." >&2; exit 255');
    const { code, stdout } = await run([...vmssh, 'list', '--via', 'hv3'], {
      env: { ...env, VMSSH_SSH: asks },
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /denied \(keyboard-interactive\)\.; let it ask you once, with ControlMaster auto, ControlPath and ControlPersist for Host hv3: ssh hv3 true$/m,
    );
  });

  it('is JSON with the hypervisor of each machine', async () => {
    const { code, stdout } = await ours('list', '--json', '--via', 'hv1', '--via', 'down');
    const { machines, errors } = JSON.parse(stdout);
    expect(code).toBe(1);
    expect(machines).toContainEqual(expect.objectContaining({ target: 'via/hv1/machine/web', via: 'hv1' }));
    expect(errors).toEqual([expect.objectContaining({ target: 'down', code: 'HOP_FAILED' })]);
  });

  it('takes the hypervisors of a file, or of a group of it', async () => {
    const file = join(dir, 'hypervisors');
    writeFileSync(file, 'hv1 # the first\n\n[lab]\nhv2\n');
    const hosts = async (...args: string[]) => {
      const { stdout } = await ours('list', '--via-file', file, ...args);
      return new Set(
        stdout
          .trim()
          .split('\n')
          .map((line) => line.split('\t')[4]),
      );
    };
    expect(await hosts()).toEqual(new Set(['hv1', 'hv2']));
    expect(await hosts('--via-group=lab')).toEqual(new Set(['hv2']));
    expect(await ours('list', '--via-file', file, '--via-group=x')).toMatchObject(
      saying(1, 'has no group "x"\nhint: its groups are lab'),
    );
    writeFileSync(file, '-oProxyCommand=x\n');
    expect(await ours('list', '--via-file', file)).toMatchObject(
      saying(2, 'line 1: the name of a hypervisor cannot begin with "-"'),
    );
  });

  it('finds a machine by its name, and prints one value of it', async () => {
    expect(await ours('list', '--via', 'hv1,hv2', 'db', '-o', 'status')).toMatchObject(
      ended(0, 'running\n', ''),
    );
  });

  it('--watch shows the machines of a hypervisor as they come', async () => {
    const watching = spawn(
      vmssh[0] ?? '',
      [...vmssh.slice(1), 'list', '--json', '--watch=0.1', '--via', 'hv2,down'],
      { env },
    );
    const end = outcome(watching);
    const lines = createInterface(watching.stdout);
    const shown = async (name: string) => {
      for await (const [line] of on(lines, 'line'))
        if (JSON.parse(line).machines.some((each: { name: string }) => each.name === name))
          return JSON.parse(line);
    };
    expect(await shown('db')).toMatchObject({ errors: [{ target: 'down', code: 'HOP_FAILED' }] });
    lists[1]?.push({ name: 'late', class: 'vm' });
    const { machines } = await shown('late');
    expect(machines).toContainEqual(expect.objectContaining({ target: 'via/hv2/machine/late', via: 'hv2' }));
    watching.kill('SIGINT');
    expect(await end).toMatchObject({ code: 130 });
    lists[1]?.pop();
  });

  describe('config install --via', () => {
    let before: readonly JsonObject[][];
    beforeAll(() => {
      before = lists.map((list) => [...list]);
      // A machine that moves there has its UUID only on one of them.
      lists[1]?.splice(1, 1);
    });
    afterAll(() => {
      for (const [at, list] of lists.entries()) list.splice(0, list.length, ...(before[at] ?? []));
    });
    const home = () => join(dir, 'config-home');
    const inHome = (...args: string[]) =>
      run([...vmssh, ...args], { env: { ...env, HOME: home(), XDG_RUNTIME_DIR: join(dir, 'none') } });
    const config = (...args: string[]) => inHome('config', ...args);
    const written = () => readFileSync(join(home(), '.ssh/vmssh.conf'), 'utf8');
    const identity = [
      '-i',
      join(dir, 'id'),
      '-o',
      'IdentitiesOnly=yes',
      '-o',
      'BatchMode=yes',
      '-o',
      'StrictHostKeyChecking=accept-new',
    ];
    const login = (host: string, accepts: string) => {
      const keys = ['-o', `UserKnownHostsFile=${dir}/known`, '-o', `StrictHostKeyChecking=${accepts}`];
      return run(['ssh', '-F', join(home(), '.ssh/vmssh.conf'), ...keys, ...identity, host, 'echo hello'], {
        env: { ...env, HOME: home() },
      });
    };

    it.skipIf(missingAddon())('writes a Host for each machine of a hypervisor, by its identity', async () => {
      expect(await config('install', '--no-fresh', '--via', 'hv1,hv2')).toMatchObject({ code: 0 });
      expect(await login('twin.hv1', 'accept-new')).toMatchObject({ code: 0, stdout: 'hello\n' });
      // Each command takes the name.
      for (const command of ['nc', 'list'])
        expect(await inHome(command, 'twin.hv1')).toMatchObject({ code: 0, stderr: '' });
      expect(await inHome('list', '--via', 'hv1', 'twin.hv1', '-q')).toMatchObject(ended(0, 'twin\n', ''));
      expect(await inHome('list', '--via', 'hv1', 'tin', '-q')).toMatchObject(
        saying(4, 'no machine of hv1 is called '),
      );
      // The machine moved: hv1 does not speak of hv2's, so it is new there.
      lists[1]?.push(...(lists[0]?.splice(1, 1) ?? []));
      expect(await config('install', '--via', 'hv1,hv2')).toMatchObject({ code: 0 });
      expect(await login('twin.hv2', 'accept-new')).toMatchObject({
        code: 0,
        stdout: 'hello\n',
        stderr: expect.stringMatching(/^vmssh: nobody on this host can confirm the host key of twin\.hv2\n/),
      });
      // As it is typed with "via" or by that Host: it is one machine, also to ssh, which has kept the key in a file of its own.
      expect(await login('via/hv2/twin', 'yes')).toMatchObject({ code: 0, stdout: 'hello\n' });
      const read = await run(['ssh', '-G', '-F', join(home(), '.ssh/vmssh.conf'), 'via%hv2%machine%twin']);
      expect(read.stdout).toContain('\nhostkeyalias twin.hv2\n');
      const aliasOf = (host: string) =>
        new RegExp(`Host ${host} .*\\n(?:    .*\\n)*?    HostKeyAlias (\\S+)`).exec(written())?.[1];
      const hosts = ['twin.hv2', 'same.hv1', 'same.hv2'];
      expect(hosts.map(aliasOf)).toEqual(hosts);
      // Another hypervisor says that it has the machine: neither gets a key of the other, and none is lost.
      lists[0]?.push({ name: 'evil', class: 'vm', id: uuid });
      expect(await config('install', '--via', 'hv1')).toMatchObject({
        code: 0,
        stderr: expect.not.stringContaining('UUID'),
      });
      expect(['evil.hv1', 'twin.hv2'].map(aliasOf)).toEqual(['evil.hv1', 'twin.hv2']);
      lists[0]?.pop();
    });

    it('fails if no hypervisor answers, and says what to try', async () => {
      const { code, stdout, stderr } = await run([...vmssh, 'config', 'install', '--via', 'down'], {
        env: { ...env, HOME: join(dir, 'other-home') },
      });
      expect(stdout).not.toContain('start one');
      expect(stderr).toMatch(/via\/down: .*\nno Host is written; .* list --via down says what to try\n$/);
      expect(code).toBe(1);
    });

    it.skipIf(missingAddon() ?? lacks('rsync'))(
      'has vmssh ssh, its siblings and forget keep the key by that identity too',
      async () => {
        const keys = () => readFileSync(join(home(), '.ssh/vmssh_known_hosts'), 'utf8');
        const config = ['-F', bed.guest.config('relay')];
        expect(await inHome('ssh', '--via', 'hv2', ...config, 'twin', 'echo hello')).toMatchObject(
          ended(0, 'hello\n'),
        );
        const strict = [...config, '-o', 'StrictHostKeyChecking=yes'];
        expect(await inHome('ssh', ...strict, 'via/hv2/machine/twin', 'echo hello')).toMatchObject(
          ended(0, 'hello\n', ''),
        );
        expect(keys()).toMatch(
          new RegExp(`^vmssh-via%hv2-${uuid}=\\w+ ssh-ed25519 \\S+ .*via%hv2-twin=\\w+(?: .*)?$`, 'm'),
        );
        writeFileSync(join(dir, 'batch'), `get ${dir}/authorized ${dir}/by-sftp\n`);
        await ends(0, inHome('sftp', '--via', 'hv2', '-q', ...strict, '-b', join(dir, 'batch'), 'twin'));
        expect(readFileSync(join(dir, 'by-sftp'), 'utf8')).toContain('ssh-ed25519');
        const shell = `ssh ${[...strict, '-i', join(dir, 'id')].join(' ')}`;
        const copy = [`twin:${dir}/authorized`, `${dir}/by-rsync`];
        expect(await inHome('rsync', '--via', 'hv2', '-e', shell, ...copy)).toMatchObject({ code: 0 });
        const check = await inHome('check', '--via', 'hv2', '--json', 'twin');
        expect(JSON.parse(check.stdout).results[0].stages).toContainEqual(
          expect.objectContaining({
            stage: 'host key',
            found: expect.stringContaining('ssh-ed25519 SHA256:'),
          }),
        );
        expect(await inHome('forget', '--via', 'hv2', 'twin')).toMatchObject(
          ended(0, '✓ Forgot the host key of "via/hv2/twin"\n'),
        );
        expect(keys()).not.toContain('via%hv2');
      },
    );

    it.skipIf(missingAddon())('has each command take the names that it wrote', async () => {
      expect(await config('install', '--no-fresh', '--via', 'hv1,hv2')).toMatchObject({ code: 0 });
      const ssh = ['ssh', '-F', bed.guest.config('relay'), 'web.hv1', 'echo hello'];
      expect(await inHome(...ssh)).toMatchObject({ code: 0, stdout: 'hello\n' });
      expect(await inHome('nc', '--banner', 'web.hv1')).toMatchObject(printing(0, 'SSH-2.0-'));
      expect(await inHome('check', '--until=banner', 'web.hv1')).toMatchObject(printing(0, 'SSH-2.0-'));
      expect(await inHome('list', 'web.hv1', '-o', 'status')).toMatchObject(ended(0, 'running\n', ''));
      expect(await inHome('list', 'web.hv3')).toMatchObject(saying(4, 'web.hv3'));
      const { stdout } = await inHome('ssh', '--print-command', 'web.hv1');
      expect(stdout).toMatch(/ via\/hv1\/\S+ .* -- web\.hv1\n$/);
    });

    it('keeps those of a hypervisor that is not asked or does not answer, until it is told not to', async () => {
      // Those of this host come and go meanwhile.
      const behind = () => written().match(/^# .* of via\/[\s\S]*?\n\n/gm);
      expect(await config('install', '--no-fresh', '--via', 'hv1,hv2')).toMatchObject({ code: 0 });
      const before = behind();
      expect(before).not.toBeNull();
      expect(await config('install')).toMatchObject({ code: 0 });
      expect(behind()).toEqual(before);
      expect(await config('install', '--via', 'bare')).toMatchObject(saying(0, 'via/bare'));
      expect(behind()).toEqual(before);
      expect(await config('install', '--no-via')).toMatchObject({ code: 0 });
      expect(written()).not.toContain('.hv1');
    });
  });

  describe('inventory', () => {
    const source = () => join(dir, 'machines');
    const envOf = () => ({ ...env, HOME: join(dir, 'ansible-home'), XDG_RUNTIME_DIR: join(dir, 'none') });
    const ansible = (program: string, ...args: string[]) =>
      run([program, '-i', source(), '--private-key', join(dir, 'id'), ...args], {
        env: {
          ...envOf(),
          ANSIBLE_REMOTE_TEMP: join(dir, 'remote'),
          ANSIBLE_PIPELINING: '1',
          ANSIBLE_SSH_ARGS: '-o ControlMaster=no -o StrictHostKeyChecking=accept-new',
          ANSIBLE_PYTHON_INTERPRETER: python(),
        },
      });
    beforeAll(() => {
      mkdirSync(join(dir, 'ansible-home'));
      script(source(), `exec ${vmsshWords} inventory --via hv1,hv2,down "$@"`);
    });

    it('has all machines in groups, with their variables', async () => {
      const { code, stdout, stderr } = await run([source(), '--list'], { env: envOf() });
      expect({ code, stderr }).toEqual(saying(0, 'warning: via/down: '));
      const { _meta, all, host_hv1, host_hv2 } = JSON.parse(stdout);
      expect(all.children).toEqual(
        expect.arrayContaining(['ungrouped', 'provider_machined', 'status_running']),
      );
      // Other tests may have machines in processes of their own.
      const made = (hosts: readonly string[]) => hosts.filter((each) => !/^mint-\d/.test(each)).toSorted();
      expect(made(host_hv1.hosts)).toEqual(['same.hv1', 'twin.hv1', 'web.hv1']);
      expect(made(host_hv2.hosts)).toEqual(['db.hv2', 'same.hv2', 'twin.hv2']);
      expect(_meta.hostvars['web.hv1']).toMatchObject({
        vmssh_target: 'via/hv1/machine/web',
        vmssh_via: 'hv1',
      });
      const one = await run([source(), '--host', 'web.hv1'], { env: envOf() });
      expect(JSON.parse(one.stdout)).toEqual(_meta.hostvars['web.hv1']);
      expect((await run([source(), '--host', 'nobody'], { env: envOf() })).stdout).toBe('{}\n');
    });

    const forAnsible = { ansible: 'ansible-core', 'ansible-playbook': 'ansible-core', python3: 'python3' };
    it.skipIf(missingAddon() ?? missingPrograms(forAnsible))(
      'is used by ansible and a playbook as it is',
      { timeout: 300_000 },
      async () => {
        expect(await ansible('ansible', 'web.hv1,twin.hv2', '-m', 'ping')).toMatchObject(
          printing(0, /(?:[\s\S]*"ping": "pong"){2}/),
        );
        const play = join(dir, 'play.yml');
        const copy = `copy: { content: "{{ vmssh_target }}", dest: "${dir}/from-{{ inventory_hostname }}" }`;
        writeFileSync(play, `- hosts: host_hv2:&db*\n  gather_facts: false\n  tasks:\n    - ${copy}\n`);
        expect(await ansible('ansible-playbook', play)).toMatchObject({ code: 0 });
        expect(readFileSync(join(dir, 'from-db.hv2'), 'utf8')).toBe('via/hv2/machine/db');
      },
    );
  });
});
