import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { shippedSources } from '../../../src/sources/outside/shipped.js';
import { signed } from '../../../src/ssh/config/file.js';
import { missingAddon } from '../../helpers/addon.js';
import { lacks, missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
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
    const text = signed(shippedSources.get('msb') ?? '', 'source');
    const { stdout } = await call('source', 'add', '--yes', 'msb');
    expect(stdout).toMatch(/\+what=\$1; shift\n[\s\S]*\nwrote .*msb\.sh\nwrote .*sources\.json\n/);
    expect(readFileSync(msb, 'utf8')).toBe(text);
    expect(written()).toEqual({ msb: line });
    expect([folder, file, msb].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600, 0o600]);
    expect((await call('source', 'add', 'msb')).stdout).toMatch(/^nothing to change\n/);
    writeFileSync(msb, signed('# An older one.\n', 'source'));
    expect(await call('source', 'add', '-y', 'msb')).toMatchObject({ code: 0 });
    expect(readFileSync(msb, 'utf8')).toBe(text);
    expect(await call('source', 'remove', '-y', 'msb')).toMatchObject({ code: 0 });
    expect(existsSync(folder)).toBe(false);
    expect((await call('source', 'remove', 'msb')).stdout).toBe('nothing to change\n');
  });

  it.skipIf(lacks('script') ?? missingAddon()).each([
    { answer: 'n', code: 130, says: /\[Y\/n\] no\r\nNothing was changed\.\r\n$/ },
    { answer: (type: (text: string) => void) => type('\x03'), code: 130, says: /Nothing was changed\.\r\n$/ },
    { answer: '', code: 0, says: /\[Y\/n\] yes\r\nwrote / },
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
    expect(sources.map(({ state }) => state)).toEqual(['added', ...Array(3).fill('available'), 'own']);
    const { stdout } = await call('source', 'list');
    expect(stdout).toMatch(/^msb\tadded\tThe sandboxes of .*\n[\s\S]*\nmine\town\t\/opt\/mine x\n$/);
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
  async function listed(name: string, print: string) {
    program(name, print);
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

  it('each has at most twenty lines', () => {
    for (const text of shippedSources.values())
      expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
  });
});
