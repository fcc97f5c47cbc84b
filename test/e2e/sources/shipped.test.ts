import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { shippedSources } from '../../../src/sources/outside/shipped.js';
import { signed } from '../../../src/ssh/config/file.js';
import { missingAddon } from '../../helpers/addon.js';
import { lacks, missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { writeTree } from '../../helpers/temp-dir.js';
import { onTerminal } from '../../helpers/terminal.js';
import { sourceListSchema } from '../../program/json-schemas.js';
import { useOwnSource } from './own-source.js';

const { home, bin, env, program, source, call } = useOwnSource();
const folder = join(home, '.config/vmssh');
const [file, msb] = [join(folder, 'sources.json'), join(folder, 'msb.sh')];
const line = { command: ['/bin/sh', msb], start: true, folder };
const written = () => JSON.parse(readFileSync(file, 'utf8')).sources;

beforeEach(() => rmSync(folder, { recursive: true, force: true }));

describe('vmssh source', () => {
  it('adds a source, updates it, and takes it back', async () => {
    const shown = await call('source', 'add', '--dry-run', 'msb');
    expect(shown).toMatchObject({ code: 1, stdout: expect.stringContaining(`+      "start": true`) });
    expect(existsSync(folder)).toBe(false);
    const text = signed(shippedSources.get('msb')?.text ?? '', 'source');
    const { stdout } = await call('source', 'add', '--yes', 'msb');
    expect(stdout).toMatch(/\+what=\$1; shift\n[\s\S]*\n✓ Wrote .*msb\.sh, .*sources\.json\n/);
    expect(readFileSync(msb, 'utf8')).toBe(text);
    expect(written()).toEqual({ msb: line });
    expect([folder, file, msb].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600, 0o600]);
    expect((await call('source', 'add', 'msb')).stdout).toMatch(/^✓ Nothing to change\n/);
    writeFileSync(msb, signed('# An older one.\n', 'source'));
    expect(await call('source', 'add', '-y', 'msb')).toMatchObject({ code: 0 });
    expect(readFileSync(msb, 'utf8')).toBe(text);
    expect(await call('source', 'remove', '-y', 'msb')).toMatchObject({ code: 0 });
    expect(existsSync(folder)).toBe(false);
    expect((await call('source', 'remove', 'msb')).stdout).toBe('✓ Nothing to change\n');
  });

  it.skipIf(lacks('script') ?? missingAddon()).each([
    { answer: 'n', code: 130, says: /\[Y\/n\] no\r\nNothing was changed\.\r\n$/ },
    { answer: (type: (text: string) => void) => type('\x03'), code: 130, says: /Nothing was changed\.\r\n$/ },
    { answer: '', code: 0, says: /\[Y\/n\] yes\r\n\S*✓ \S*Wrote / },
  ])('asks on a terminal: $code', async ({ answer, code, says }) => {
    const asked = onTerminal([...vmssh, 'source', 'add', 'msb'], /Do it\? \[Y\/n\] $/, answer, env);
    expect(await asked).toMatchObject({ code, stdout: expect.stringMatching(says) });
    expect(existsSync(msb)).toBe(code === 0);
  });

  it('leaves the other lines, and lists them', async () => {
    source(['/opt/mine', 'x'], { names: 'vm-*' });
    const before = written();
    await call('source', 'add', '--yes', 'msb');
    expect(written()).toEqual({ ...before, msb: line });
    const { sources } = sourceListSchema.parse(JSON.parse((await call('source', 'list', '--json')).stdout));
    expect(sources.map(({ state }) => state)).toEqual([
      'available',
      'added',
      ...Array(7).fill('available'),
      'own',
    ]);
    const { stdout } = await call('source', 'list');
    expect(stdout).toMatch(/\nmsb\tadded\tThe sandboxes of .*\n[\s\S]*\nmine\town\t\/opt\/mine x\n$/);
    await call('source', 'remove', '--yes', 'msb');
    expect(written()).toEqual(before);
  });

  const edited = `${signed('x\n', 'source')}y\n`;
  const other = '{"version":1,"sources":{"msb":{"command":["/x"]}}}';
  it.each([
    { what: 'without somebody to ask', args: ['add', 'msb'], says: /do it with --yes/ },
    { what: 'for a name that it does not have', args: ['add', '-y', 'x'], says: /no source "x"/ },
    { what: "over a user's program", own: 'x', says: /msb\.sh" was not written by vmssh, and is/ },
    { what: 'over an edited program', own: edited, says: /edited since[\s\S]*mv -i / },
    { what: 'over another line', json: other, says: /another source "msb"/ },
    { what: 'in a file that is no JSON', json: '{', says: /cannot be used: not JSON/ },
  ])('changes nothing $what', async ({ args, says, own = '', json = '{"version":1,"sources":{}}' }) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, json);
    writeFileSync(msb, own);
    const [code, calls] = args ? [2, [args]] : [1, ['add', 'remove'].map((verb) => [verb, '-y', 'msb'])];
    for (const words of calls)
      expect(await call('source', ...words)).toMatchObject({ code, stderr: expect.stringMatching(says) });
    expect([readFileSync(file, 'utf8'), readFileSync(msb, 'utf8')]).toEqual([json, own]);
  });

  it('is completed', async () => {
    expect((await call('complete', '--', 'source', '')).stdout).toMatch(/^list\t.*\nadd\t.*\nremove\t/);
    expect((await call('complete', '--', 'source', 'add', 's')).stdout).toMatch(/^sbx\tDocker Sandboxes/);
  });
});

describe.skipIf(missingPrograms({ jq: 'jq', 'ssh-keygen': 'openssh-client' }))('of those', () => {
  /** What a source lists when the program that it runs is these lines. */
  async function listed(name: string, print: string, programs: Readonly<Record<string, string>> = {}) {
    for (const [each, text] of Object.entries({ [name]: print, ...programs })) program(each, text);
    await call('source', 'add', '--yes', name);
    const { machines, warnings } = JSON.parse((await call('list', '--json', '--provider', name)).stdout);
    expect(warnings).toEqual([]);
    return machines;
  }

  it('msb lists sandboxes, with the host key of each that has one', async () => {
    const key = join(home, '.microsandbox/sandboxes/web/ssh/host_ed25519');
    mkdirSync(dirname(key), { recursive: true });
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
    const rows = [
      { created_at: '2026-11-26T18:18:56Z', image: './system', name: 'web', status: 'Running' },
      { created_at: null, image: 'python', name: 'db', status: 'Stopped' },
    ];
    const machines = await listed('msb', `[ $1 = list ] && echo '${JSON.stringify(rows)}' || echo "$@"`);
    const routes = [{ command: [`${bin}/msb`, 'ssh', 'serve', '--stdio', '--', 'web'] }];
    expect(machines).toMatchObject([
      { name: 'web', status: 'running', user: 'root', routes },
      { name: 'db', status: 'off', user: 'root' },
    ]);
    const printed = JSON.parse((await run(['sh', msb, 'list'], { env })).stdout).machines;
    expect(printed[0].hostKeys).toEqual([readFileSync(`${key}.pub`, 'utf8').trim()]);
    expect(printed[1].hostKeys).toBeUndefined();
    program('ssh-keygen', `printf 'ssh-ed25519 AAAA %0140000d\\n' 0`);
    const { stdout } = await run(['sh', msb, 'list'], { env });
    rmSync(join(bin, 'ssh-keygen'));
    expect(JSON.parse(stdout).machines[0].hostKeys).toEqual(['ssh-ed25519 AAAA']);
    expect((await run(['sh', msb, 'start', '--', '-x'], { env })).stdout).toBe('start -- -x\n');
    program('msb', 'echo no database >&2; exit 1');
    expect((await call('check', 'msb')).stdout).toContain('no database');
  });

  it('openshell lists sandboxes, by the gateway in use', async () => {
    const gateways = ['lab', 'prod'].map((name) => ({ name, active: name === 'prod' }));
    const sandboxes = ['Ready', 'Error', 'Stopped'].map((phase, at) => {
      return { id: `id-${at}`, name: `s${at}`, workspace: 'default', labels: {}, resource_version: 3, phase };
    });
    const answer = (rows: object) => `echo '${JSON.stringify(rows)}'`;
    const machines = await listed(
      'openshell',
      `[ $1 = gateway ] && ${answer(gateways)} || ${answer(sandboxes)}`,
    );
    const words = ['--gateway-name=prod', '--workspace=default', '--name=s0'];
    const routes = [{ command: [`${bin}/openshell`, 'ssh-proxy', ...words] }];
    expect(machines).toMatchObject([
      { target: 'openshell/s0', status: 'running', user: 'sandbox', routes },
      { name: 's1', status: 'unknown' },
      { name: 's2', status: 'off' },
    ]);
  });

  it('sbx lists sandboxes, and starts one', async () => {
    const sandboxes = [
      { name: 'claude-lab', id: 'a1', agent: 'claude', status: 'running', workspaces: ['/home/ann/lab'] },
      { name: 'codex', agent: 'codex', status: 'stopped', workspaces: [] },
    ];
    const machines = await listed(
      'sbx',
      `[ $1 = ls ] && echo '${JSON.stringify({ sandboxes })}' || echo "$@"`,
    );
    const routes = [{ command: [`${bin}/sbx`, 'ssh', 'proxy', '--', 'claude-lab'] }];
    expect(machines).toMatchObject([
      { status: 'running', routes },
      { name: 'codex', status: 'off' },
    ]);
    const start = `/bin/sh ${folder}/sbx.sh start`;
    expect((await run([...start.split(' '), '--', '-x'], { env })).stdout).toBe('exec -- -x true\n');
    expect((await call('nc', 'sbx/codex')).stderr).toContain(`${start} codex`);
  });

  const bus = 'DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus';
  it.each([
    { uid: '0', by: [] },
    { uid: '1000', by: [expect.stringMatching(/\/env$/), bus] },
  ])('lxc lists containers of uid $uid, with their addresses after the way by lxc-attach', async (row) => {
    program('lxc-attach', '');
    program('id', `echo ${row.uid}`);
    const table = 'NAME STATE   IPV4\nweb  RUNNING 10.0.3.5, 10.8.0.2\ndb   STOPPED -\nci   FROZEN  -\n';
    const start = 'echo "$DBUS_SESSION_BUS_ADDRESS $@"';
    const machines = await listed('lxc', '', { 'lxc-ls': `printf '${table}'`, 'lxc-start': start });
    const command = [...row.by, `${bin}/lxc-attach`, '--clear-env', '--name', 'web', '--'];
    expect(machines).toMatchObject([
      { name: 'web', status: 'running', routes: [{ route: 'exec', command }, { address: '10.0.3.5' }] },
      { name: 'ci', status: 'paused' },
      { name: 'db', status: 'off' },
    ]);
    expect((await run(['sh', join(folder, 'lxc.sh'), 'start', '--', '-x'], { env })).stdout).toBe(
      `unix:path=/run/user/${row.uid}/bus --name -x\n`,
    );
    rmSync(join(bin, 'id'));
  });

  it('nerdctl lists containers, by their ids', async () => {
    const rows = ['Up', 'Exited (137) 2 days ago', 'Paused'].map((Status, at) => ({
      ...{
        ID: `${at}`.repeat(64),
        Names: `c${at}`,
        Status,
        Image: 'docker.io/library/debian:13',
        Labels: '',
      },
    }));
    const machines = await listed(
      'nerdctl',
      `printf '%s\n' '${rows.map((row) => JSON.stringify(row)).join("' '")}'`,
    );
    const command = [`${bin}/nerdctl`, 'exec', '--interactive', '--user', '0', '0'.repeat(64)];
    expect(machines).toMatchObject([
      { name: 'c0', status: 'running', routes: [{ command }] },
      { status: 'paused' },
      { status: 'off' },
    ]);
  });

  const id = '11111111-2222-4333-8444-555555555555';
  const settings = ['name="mint"', `UUID="${id}"`, `hardwareuuid="${id}"`, 'nic1="nat"'];
  const forwarded = [...settings, 'VMState="running"', 'Forwarding(0)="ssh,tcp,127.0.0.1,2222,,22"'];
  /** A VBoxManage with one machine. */
  const box = (...lines: readonly string[]) =>
    `case $1 in list) echo '"mint" {${id}}' ;; guestproperty) echo 'Value: 192.0.2.7' ;; *) printf '%s\n' '${lines.join("' '")}' ;; esac`;

  it('virtualbox lists virtual machines, by the port that is forwarded to SSH, or the address on a network of theirs', async () => {
    expect(await listed('virtualbox', '', { VBoxManage: box(...forwarded) })).toMatchObject([
      { name: 'mint', status: 'running', routes: [{ address: '127.0.0.1:2222' }] },
    ]);
    const bridged = ['name="mint"', `UUID="${id}"`, 'nic1="bridged"', 'VMState="poweroff"'];
    expect(await listed('virtualbox', '', { VBoxManage: box(...bridged) })).toMatchObject([
      { name: 'mint', status: 'off', routes: [{ address: '192.0.2.7' }] },
    ]);
  });

  it('vagrant lists the machines of its index, with their keys, and runs no Vagrantfile', async () => {
    const data = join(home, 'lab/.vagrant');
    const place = join(data, 'machines/web/virtualbox');
    const web = {
      local_data_path: data,
      name: 'web',
      provider: 'virtualbox',
      vagrantfile_path: join(home, 'lab'),
    };
    const machines = { a1: web, b2: { ...web, name: 'default' }, c3: { ...web, provider: 'libvirt' } };
    writeTree(home, {
      '.vagrant.d/data/machine-index/index': JSON.stringify({ version: 1, machines }),
      'lab/.vagrant/machines/web/virtualbox/id': id,
      'lab/.vagrant/machines/web/virtualbox/private_key': '',
    });
    chmodSync(join(place, 'private_key'), 0o600);
    const vms = `case $2 in ${id}) ;; *) exit 1 ;; esac; ${box(...forwarded)}`;
    expect(await listed('vagrant', 'exit 1', { VBoxManage: vms })).toMatchObject([
      { name: 'lab-web', status: 'running', user: 'vagrant', identityFile: join(place, 'private_key') },
      { name: 'lab', status: 'off' },
    ]);
    program('vagrant', 'echo "$@"');
    expect((await run(['sh', join(folder, 'vagrant.sh'), 'start', 'lab-web'], { env })).stdout).toBe(
      'up a1\n',
    );
  });

  it('pve lists containers and virtual machines, with how a program is run in each', async () => {
    const etc = join(home, 'pve');
    const text = (shippedSources.get('pve')?.text ?? '').replaceAll('/etc/pve/local', etc);
    writeTree(etc, {
      'lxc/100.conf': 'hostname: web\nmemory: 512\n\n[before]\nhostname: old\n',
      'qemu-server/101.conf': `agent: enabled=1,type=virtio\nargs: -device vhost-vsock-pci,guest-cid=7\nname: db\nsmbios1: uuid=${id}\n`,
      'qemu-server/102.conf': 'name: tpl\ntemplate: 1\n',
      'pve.sh': text,
    });
    const states = [100, 101].map((vmid) => ({ vmid, status: vmid === 100 ? 'running' : 'stopped' }));
    program('pvesh', `echo '${JSON.stringify(states)}'`);
    program('lxc-info', 'echo 10.0.0.5');
    for (const name of ['pct', 'qm'])
      program(name, `[ "$2" = exec ] && cat > ${home}/in; cat ${home}/out 2> /dev/null || echo ${name} "$@"`);
    const script = join(etc, 'pve.sh');
    const pve = (...words: readonly string[]) => run(['sh', script, ...words], { env });
    const web = { name: 'web', also: ['100'], status: 'running', exec: [`${bin}/pct`, 'exec', '100', '--'] };
    const exec = { command: ['/bin/sh', script, 'exec', '101'], streams: false };
    const db = {
      name: 'db',
      also: ['101'],
      id,
      dmiUuid: id,
      status: 'off',
      routes: [{ address: 'vsock/7' }],
      exec,
    };
    expect(JSON.parse((await pve('list')).stdout).machines).toEqual([{ ...web, routes: [] }, db]);
    const found = JSON.parse((await pve('find', '--', '100')).stdout).machines;
    expect(found).toEqual([{ ...web, routes: [{ address: '10.0.0.5' }] }]);
    expect((await pve('start', 'web')).stdout).toBe('pct start 100\n');
    writeFileSync(
      join(home, 'out'),
      JSON.stringify({ exitcode: 7, exited: 1, 'out-data': 'hi\n', 'err-data': 'oh\n' }),
    );
    const done = await run(['sh', script, 'exec', '101', '/bin/sh', '-s'], { env, input: 'id\n' });
    rmSync(join(home, 'out'));
    expect(done).toMatchObject({ code: 7, stdout: 'hi\n', stderr: 'oh\n' });
    expect(readFileSync(join(home, 'in'), 'utf8')).toBe('id\n');
  });

  it('each has at most forty lines', () => {
    for (const { text } of shippedSources.values())
      expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
  });
});
