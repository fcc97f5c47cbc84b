import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { managerKeys, managerPrints } from '../../src/keys/manager-keys.js';
import { systemProgram } from '../../src/process/program-in-path.js';
import { managerExec } from '../../src/sources/as-root.js';
import { lima } from '../../src/sources/managers/lima.js';
import type { Deps, MachineFiles, ReachedMachine, Source } from '../../src/sources/source.js';
import { filesByExec } from '../../src/sources/tools/machine-files.js';
import { fingerprintOf } from '../../src/ssh/known-hosts.js';
import { lifeline } from '../helpers/lifeline.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';
import { madeKey } from './made-keys.js';

const dir = useTempDir();
const log = join(dir, 'log');
const deps: Deps = {
  env: { PATH: `${dir}/bin:${process.env.PATH}`, HOME: dir },
  platform: 'linux',
  timeoutMs: 20_000,
};
const [ed25519, rsa] = [madeKey('ed25519'), madeKey('rsa')];
const usual = ['ed25519', 'ecdsa', 'rsa', 'mldsa44_ed25519'].map(
  (type) => `/etc/ssh/ssh_host_${type}_key.pub`,
);
const find = (...paths: readonly string[]) =>
  ['/usr/bin/find', ...paths, '-maxdepth', '0', '-type', 'f', '-exec', 'grep', '-h', 'AAAA', '{}', '+'].join(
    '|',
  );

/** Instances of Lima, and of colima, which has its own Lima. */
const both = { '.lima/both/lima.yaml': '', '.colima/_lima/both/lima.yaml': '' };
writeTree(dir, { '.lima/default/lima.yaml': '', '.lima/x/lima.yaml': '', ...both });
writeTree(dir, { '.colima/_lima/colima/lima.yaml': '' });

beforeEach(() => rmSync(log, { force: true }));

/** A program that records its arguments, one line a call, and then runs a script. */
function program(name: string, script: string): void {
  const record = `IFS='|'; printf '%s\\n' "$*" >>'${log}'; unset IFS`;
  writeTree(dir, { [`bin/${name}`]: `#!/bin/sh\n${record}\n${script}\n` });
}
const calls = (): readonly string[] => readFileSync(log, 'utf8').trimEnd().split('\n');
const machine = (provider: string, name: string, more: Partial<ReachedMachine> = {}): ReachedMachine => ({
  ...{ provider, name, target: `${provider}/${name}` },
  ...more,
});
const print = (key: string) => fingerprintOf(Buffer.from(key.split(' ')[1] ?? '', 'base64'));
const prints = (...texts: readonly string[]) => `printf '%s' '${texts.join('')}'`;

it("a source of the user's own is asked for the row of a machine that had no key", async () => {
  const row = { name: 'web', status: 'running', hostKeys: [ed25519.key] };
  program('lab', prints(JSON.stringify({ version: 1, machines: [row] })));
  const sources = { lab: { command: [`${dir}/bin/lab`] } };
  writeTree(dir, { '.config/vmssh/sources.json': JSON.stringify({ version: 1, sources }) });
  expect(await managerKeys(machine('lab', 'web'), deps)).toEqual([ed25519.key]);
});

describe('a manager that starts programs in its machines', () => {
  it.each<{ tool: string; record: ReachedMachine; exec: string }>([
    { tool: 'limactl', record: machine('lima', 'default'), exec: 'shell|--workdir=/|default' },
    {
      tool: 'kubectl',
      record: machine('kubectl', 'web', { target: 'kubectl/shop/web', authority: 'other' }),
      exec: '--namespace=shop|exec|--stdin|pod/web|--',
    },
    {
      tool: 'kubectl',
      record: machine('kubectl', 'web', { target: 'kubectl/shop/web/app', authority: 'other' }),
      exec: '--namespace=shop|exec|--stdin|pod/web|--container=app|--',
    },
  ])(
    '$tool: $record.target is read by one call, whose exit code does not count',
    async ({ tool, record, exec }) => {
      program(tool, `${prints(ed25519.text, rsa.text)}; exit 1`);
      expect(await managerKeys(record, deps, print(rsa.key))).toEqual([ed25519.key, rsa.key]);
      expect(calls()).toEqual([`${exec}|${find(...usual)}`]);
    },
  );

  it('WSL2: wsl.exe of System32 is called, for its root, without a shell', async () => {
    // On Linux the whole path is a name in PATH.
    program(systemProgram('wsl.exe', deps.env), prints(ed25519.text));
    expect(await managerKeys(machine('wsl', 'Debian 13'), deps)).toEqual([ed25519.key]);
    expect(calls()).toEqual([`--distribution|Debian 13|--user|root|--exec|${find(...usual)}`]);
  });

  it.each([
    machine('lima', '--help'),
    machine('lima', ''),
    machine('lima', 'web x'),
    // Its answer would come over a network.
    machine('multipass', 'primary'),
    machine('wsl', '--shutdown'),
    machine('wsl', ''),
    machine('wsl', 'a"b'),
    machine('kubectl', 'x', { target: 'kubectl/shop/--help' }),
    machine('kubectl', 'x', { target: 'kubectl/shop' }),
    machine('kubectl', 'x', { target: 'pod/shop/web' }),
  ])('is not called for $provider "$name" ($target)', async (record) => {
    for (const tool of ['limactl', 'multipass', 'kubectl', systemProgram('wsl.exe', deps.env)])
      program(tool, prints(ed25519.text));
    expect(await managerKeys(record, deps)).toBeUndefined();
    expect(() => calls()).toThrow('ENOENT');
  });

  it.each(['lima', 'podman', 'docker', 'incus', 'machined', 'nspawn', 'libvirt', 'wsl'])(
    'of %s is not asked for a machine of another user, nor for one behind a hypervisor',
    async (provider) => {
      for (const tool of ['limactl', 'multipass', 'podman', 'docker', 'incus', 'virsh', 'systemd-run'])
        program(tool, prints(ed25519.text));
      const record = machine(provider, 'x', {
        uuid: '83055167-4a13-0eb1-c290-e328df73ee72',
        containerId: 'a'.repeat(64),
      });
      expect(await managerKeys({ ...record, authority: 'other' }, deps)).toBeUndefined();
      expect(await managerKeys({ ...record, via: 'hv1' }, deps)).toBeUndefined();
      expect(await managerExec({ ...record, authority: 'other' }, deps)).toBeUndefined();
      expect(await managerExec({ ...record, via: 'hv1' }, deps)).toBeUndefined();
      expect(() => calls()).toThrow('ENOENT');
    },
  );

  it.each<{ of: ReachedMachine; want: string | undefined }>([
    { of: machine('lima', 'default'), want: 'limactl shell --workdir=/ default sudo -n' },
    {
      of: machine('lima', 'colima'),
      want: `env LIMA_HOME=${dir}/.colima/_lima limactl shell --workdir=/ colima sudo -n`,
    },
    { of: machine('lima', 'both'), want: undefined },
    { of: machine('multipass', 'primary'), want: 'multipass exec primary -- sudo -n' },
    { of: machine('multipass', '--help'), want: undefined },
    {
      of: machine('wsl', 'Debian 13'),
      want: `${systemProgram('wsl.exe', deps.env)} --distribution Debian 13 --user root --exec`,
    },
    {
      of: machine('podman', 'web', { containerId: 'a'.repeat(64) }),
      want: `podman --syslog=false exec --interactive --user=0 -- ${'a'.repeat(64)}`,
    },
    {
      of: machine('docker', 'web', { containerId: 'a'.repeat(64), containerUrl: 'unix:///x' }),
      want: undefined,
    },
    { of: machine('docker', 'web'), want: undefined },
    // No machine of this host.
    { of: machine('kubectl', 'web', { target: 'kubectl/shop/web', authority: 'other' }), want: undefined },
    { of: machine('qemu', 'web'), want: undefined },
  ])('goes into $of.provider "$of.name" as root by: $want', async ({ of, want }) => {
    const asRoot = await managerExec(of, deps);
    expect(asRoot?.by === 'exec' ? asRoot.command.join(' ') : undefined).toBe(want);
  });

  it.each(['kubevirt', 'hyper-v', 'qemu', 'constructor', ''])('of %j there is none', async (provider) =>
    expect(await managerKeys(machine(provider, 'x'), deps)).toBeUndefined(),
  );

  it('gives it no stdin and no terminal', async () => {
    program('limactl', `cat; [ -t 0 ] || [ -t 1 ] || [ -t 2 ] || ${prints(ed25519.text)}`);
    expect(await managerKeys(machine('lima', 'x'), deps)).toEqual([ed25519.key]);
  });

  it('that is not installed is no answer', async () => {
    const record = machine('lima', 'x');
    expect(await managerKeys(record, { ...deps, env: { PATH: join(dir, 'empty') } })).toBeUndefined();
  });

  it('that hangs is ended at the deadline, with all that it started', async () => {
    const { hold, gone } = lifeline(join(dir, 'hangs'));
    program('limactl', `${hold}; sleep 1000 & sleep 1000`);
    expect(await managerKeys(machine('lima', 'x'), { ...deps, timeoutMs: 500 })).toBeUndefined();
    await gone;
  });

  it('that prints without end is ended, and nothing of it counts', async () => {
    const { hold, gone } = lifeline(join(dir, 'floods'));
    program('limactl', `${hold}; while :; do ${prints(ed25519.text)}; done`);
    expect(await managerKeys(machine('lima', 'x'), deps)).toBeUndefined();
    await gone;
  });

  it('that is not waited for any more rejects', async () => {
    const { hold, started, gone } = lifeline(join(dir, 'aborted'));
    program('limactl', `${hold}; sleep 1000`);
    const limit = new AbortController();
    const asked = managerKeys(machine('lima', 'x'), { ...deps, signal: limit.signal });
    await started;
    limit.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    await gone;
  });

  it('reads regular files only: no link, no FIFO, no folder', async () => {
    writeTree(dir, {
      'there/a.pub': ed25519.key,
      'there/own.pub': ed25519.text,
      'there/folder/x': '',
      secret: rsa.text,
    });
    symlinkSync(join(dir, 'secret'), join(dir, 'there/link.pub'));
    execFileSync('mkfifo', [join(dir, 'there/fifo.pub')]);
    const names = ['absent.pub', 'link.pub', 'fifo.pub', 'folder', 'a.pub', 'own.pub'];
    const files = filesByExec(['env'], deps);
    expect(await files.read(names.map((name) => join(dir, 'there', name)))).toEqual([
      `${ed25519.key}\n${ed25519.text}`,
    ]);
  });
});

describe('a machine whose sshd has its keys elsewhere', () => {
  const record = machine('lima', 'x');
  const config = (...paths: readonly string[]) => paths.map((path) => `hostkey ${path}\n`).join('');
  /** Has the text at the path of its own key, and one in its usual place. */
  const sshd = (printed: string, usually: string) =>
    program(
      'limactl',
      `case $* in
        *' sh keys') ${prints(printed)};;
        *' ${usual.join(' ')} '*) ${prints(usually)};;
        *) ${prints(rsa.text)};;
      esac`,
    );

  /** One line each: the script that finds its sshd has several. */
  const asked = () => calls().filter((line) => line.startsWith('shell|'));

  it('is asked for them by `sshd -T` if the usual files are not there', async () => {
    sshd(`port 22\n${config('/etc/keys/rsa', '/etc/keys/agent.pub', usual[0]?.slice(0, -4) ?? '')}`, '');
    expect(await managerKeys(record, deps)).toEqual([rsa.key]);
    const exec = 'shell|--workdir=/|x|';
    expect(asked()).toEqual([
      `${exec}${find(...usual)}`,
      expect.stringMatching(/^shell\|--workdir=\/\|x\|sudo\|-n\|\/bin\/sh\|-c\|/),
      `${exec}sudo|-n|${find('/etc/keys/rsa.pub', '/etc/keys/agent.pub', usual[0] ?? '')}`,
    ]);
  });

  it('is asked for them if it has shown another key than the usual files have', async () => {
    sshd(config('/etc/keys/rsa'), ed25519.text);
    expect(await managerKeys(record, deps, print(rsa.key))).toEqual([rsa.key, ed25519.key]);
    expect(asked()).toHaveLength(3);
    expect(await managerKeys(record, deps, print(ed25519.key))).toEqual([ed25519.key]);
    expect(asked()).toHaveLength(4);
  });

  it.each([
    ...['--help', 'relative', '/a/../../etc/x', '/a b', '/a\u001b[2J', `/${'x'.repeat(300)}`, '/a*'],
    "/a';id;'",
  ])('is not believed to have one at %j', async (path) => {
    sshd(config(path).replaceAll("'", "'\\''"), '');
    expect(await managerKeys(record, deps)).toBeUndefined();
    expect(asked()).toHaveLength(2);
  });

  it('is not believed to have one in the middle of another line', async () => {
    sshd('banner hostkey /etc/keys/rsa\n', '');
    expect(await managerKeys(record, deps)).toBeUndefined();
    expect(asked()).toHaveLength(2);
  });

  it('is read at 8 places at most', async () => {
    sshd(config(...Array.from({ length: 40 }, (_, n) => `/etc/keys/${n}`)), '');
    expect(await managerKeys(record, deps)).toEqual([rsa.key]);
    expect(asked()[2]?.match(/\/etc\/keys/g)).toHaveLength(8);
  });
});

describe('the fingerprints of the keys of what was reached', () => {
  const shown = print(rsa.key);

  it('are those that its manager reads', async () => {
    program('limactl', prints(ed25519.text, rsa.text));
    const reached = { text: 'lima/x', machine: machine('lima', 'x') };
    expect(await managerPrints(reached, deps, shown)).toEqual([print(ed25519.key), print(rsa.key)]);
  });

  it('are those that the hypervisor behind which it is reads there, not those of a machine here', async () => {
    program('limactl', prints(rsa.text));
    const marker = `$(printf %s "$*" | grep -o 'vmssh-[0-9a-f]\\{32\\}' | head -n 1)`;
    const answer = JSON.stringify({ keys: [ed25519.key, 'no key'] });
    program('ssh', `printf '%s\\n%s\\n' "${marker}" '${answer}'`);
    const reached = { text: 'via/hv1/lima/x', machine: machine('lima', 'x') };
    expect(await managerPrints(reached, deps, shown)).toEqual([print(ed25519.key)]);
  });

  it('are none if the hypervisor cannot say', async () => {
    program('ssh', 'exit 255');
    expect(await managerPrints({ text: 'via/hv1/lima/x' }, deps, shown)).toEqual([]);
  });

  it.each([
    { name: 'nothing was left of it', reached: undefined },
    { name: 'it is an address', reached: { text: 'vsock/7' } },
    { name: 'it is no target', reached: { text: 'x' } },
    { name: 'nobody can say', reached: { text: 'qemu/x', machine: machine('qemu', 'x') } },
  ])('are none if $name', async ({ reached }) => {
    expect(await managerPrints(reached, deps, shown)).toEqual([]);
  });
});

describe('a source of keys', () => {
  const source = (files: Source['files']) => [
    { name: 'made', load: async (): Promise<Source> => ({ ...lima, files }) },
  ];
  const failing = (error: Error): MachineFiles => ({ read: () => Promise.reject(error) });

  it('counts with 16 keys, those that its sshd is configured to use first', async () => {
    const key = (n: number) => {
      const lengths = [Buffer.from([0, 0, 0, 11]), Buffer.from([0, 0, 0, 32])] as const;
      const blob = Buffer.concat([lengths[0], Buffer.from('ssh-ed25519'), lengths[1], Buffer.alloc(32, n)]);
      return `ssh-ed25519 ${blob.toString('base64')}`;
    };
    const keys = (from: number) => Array.from({ length: 10 }, (_, n) => key(from + n));
    program('tool', `case $1 in */sh) echo hostkey /keys/host;; *) ${prints(keys(0).join('\n'))};; esac`);
    const from = source(() => ({ asRoot: { by: 'exec', command: ['tool'] }, read: async () => keys(10) }));
    const all = await managerKeys(machine('made', 'x'), deps, 'SHA256:x', 0, from);
    expect(all).toEqual([...keys(0), ...keys(10)].slice(0, 16));
  });

  it('that fails in itself is not hidden, what a system refuses is', async () => {
    const from = (error: Error) => source(() => failing(error));
    const ask = (error: Error) => managerKeys(machine('made', 'x'), deps, undefined, 0, from(error));
    expect(await ask(Object.assign(new Error('no'), { code: 'EACCES' }))).toBeUndefined();
    await expect(ask(new TypeError('a mistake'))).rejects.toThrow('a mistake');
  });
});

it.each<{ by: string; said: Partial<ReachedMachine>; want?: readonly string[] }>([
  { by: 'its row', said: { hostKeys: [ed25519.key, `${rsa.key} me`] }, want: [ed25519.key, rsa.key] },
  { by: 'nobody: the row has none', said: {} },
  { by: 'nobody: it is on another hypervisor', said: { hostKeys: [ed25519.key], via: 'hv1' } },
])('of a machine of a source of your own, the host keys are said by $by', async ({ said, want }) => {
  expect(await managerKeys(machine('mine', 'web', said), deps)).toEqual(want);
});
