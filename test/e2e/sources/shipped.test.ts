import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { shippedSources } from '../../../src/sources/outside/shipped.js';
import { signed } from '../../../src/ssh/config/file.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';
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
    const added = await call('source', 'add', '--yes', 'msb');
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toMatch(/\+what=\$1; shift\n[\s\S]*\nwrote .*msb\.sh\nwrote .*sources\.json\n/);
    expect(readFileSync(msb, 'utf8')).toBe(text);
    expect(written()).toEqual({ msb: line });
    for (const [path, mode] of [
      [folder, 0o700],
      [file, 0o600],
      [msb, 0o600],
    ] as const)
      expect(statSync(path).mode & 0o777).toBe(mode);
    expect(await call('source', 'add', 'msb')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^nothing/),
    });
    writeFileSync(msb, signed('# An older one.\n', 'source'));
    expect(await call('source', 'add', '-y', 'msb')).toMatchObject({ code: 0 });
    expect(readFileSync(msb, 'utf8')).toBe(text);
    expect(await call('source', 'remove', '-y', 'msb')).toMatchObject({ code: 0 });
    expect(existsSync(folder)).toBe(false);
    expect(await call('source', 'remove', 'msb')).toMatchObject({ code: 0, stdout: 'nothing to change\n' });
  });

  it('leaves the other lines, and lists them', async () => {
    source(['/opt/mine', 'x'], { names: 'vm-*' });
    const before = written();
    await call('source', 'add', '--yes', 'msb');
    expect(written()).toEqual({ ...before, msb: line });
    expect((await call('source', 'list')).stdout).toMatch(
      /^msb\tadded\tThe sandboxes of microsandbox.*\nopenshell\tavailable\t.*\nsbx\tavailable\tDocker .*\n.*\nmine\town\t\/opt\/mine x\n$/,
    );
    const { sources } = sourceListSchema.parse(JSON.parse((await call('source', 'list', '--json')).stdout));
    expect(sources.map(({ state }) => state)).toEqual(['added', ...Array(3).fill('available'), 'own']);
    await call('source', 'remove', '--yes', 'msb');
    expect(written()).toEqual(before);
  });

  it.each([
    { what: 'without somebody to ask', args: ['add', 'msb'], code: 2, says: /do it with --yes/ },
    {
      what: 'for a name that it does not have',
      args: ['add', '-y', 'mine'],
      code: 2,
      says: /no source "mine"/,
    },
    {
      what: 'over a program of the user',
      program: 'x',
      says: /msb\.sh" was not written by vmssh, and is not changed/,
    },
    {
      what: 'over an edited program',
      program: `${signed('x\n', 'source')}y\n`,
      says: /edited since[\s\S]*mv -i /,
    },
    { what: 'over a line of the user', sources: { msb: { command: ['/x'] } }, says: /another source "msb"/ },
    { what: 'into a file that is no JSON', sources: '{', says: /cannot be used: not JSON/ },
  ])(
    'changes nothing $what',
    async ({ args = ['add', '--yes', 'msb'], code = 1, says, program: own, sources }) => {
      mkdirSync(folder, { recursive: true });
      const text =
        typeof sources === 'string' ? sources : JSON.stringify({ version: 1, sources: sources ?? {} });
      writeFileSync(file, text);
      if (own !== undefined) writeFileSync(msb, own);
      expect(await call('source', ...args)).toMatchObject({ code, stderr: expect.stringMatching(says) });
      if (code === 1) expect(await call('source', 'remove', '-y', 'msb')).toMatchObject({ code });
      expect(readFileSync(file, 'utf8')).toBe(text);
      expect(existsSync(msb) && readFileSync(msb, 'utf8')).toBe(own ?? false);
    },
  );

  it('is completed', async () => {
    expect((await call('complete', '--', 'source', '')).stdout).toMatch(/^list\t.*\nadd\t.*\nremove\t/);
    expect((await call('complete', '--', 'source', 'add', 's')).stdout).toMatch(/^sbx\tDocker Sandboxes/);
  });
});

describe.skipIf(missingPrograms({ jq: 'jq', 'ssh-keygen': 'openssh-client' }))(
  'a source that vmssh has',
  () => {
    /** What it lists, without a warning; the rows of `print` come from the program that it runs. */
    async function listed(name: string, print: string) {
      program(name, print);
      await call('source', 'add', '--yes', name);
      const { machines, warnings } = JSON.parse((await call('list', '--json', '--provider', name)).stdout);
      expect(warnings).toEqual([]);
      return machines;
    }

    // As microsandbox 0.6.14 prints them: crates/cli/lib/commands/list.rs.
    it('lists microsandbox, with the host key of each that has one', async () => {
      const key = join(home, '.microsandbox/sandboxes/web/ssh/host_ed25519');
      mkdirSync(dirname(key), { recursive: true });
      spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
      const created_at = '2026-11-26T10:00:00Z';
      const rows = [
        { created_at, image: '/srv/busybox', name: 'web', status: 'Running' },
        { created_at: null, image: 'python', name: 'db', status: 'Stopped' },
      ];
      const machines = await listed(
        'msb',
        `case $1 in list) echo '${JSON.stringify(rows)}' ;; *) echo "$@" ;; esac`,
      );
      const route = (name: string) => ({ command: [`${bin}/msb`, 'ssh', 'serve', '--stdio', '--', name] });
      expect(machines).toMatchObject([
        { name: 'web', target: 'msb/web', status: 'running', user: 'root', routes: [route('web')] },
        { name: 'db', status: 'off', user: 'root', routes: [route('db')] },
      ]);
      const printed = JSON.parse((await run(['sh', msb, 'list'], { env })).stdout).machines;
      expect(printed[0].hostKeys).toEqual([readFileSync(`${key}.pub`, 'utf8').trim()]);
      expect(printed[1].hostKeys).toBeUndefined();
      expect((await run(['sh', msb, 'start', '--', '-x'], { env })).stdout).toBe('start -- -x\n');
      program('msb', 'echo no database >&2; exit 1');
      expect(await call('check', 'msb')).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('no database'),
      });
    });

    // As OpenShell 0.0.111 prints them: crates/openshell-cli/src/run.rs, commands/gateway.rs and commands/common.rs.
    it('lists OpenShell, by the gateway in use', async () => {
      const gateways = [
        { name: 'lab', active: false },
        { name: 'prod', active: true },
      ];
      const sandboxes = ['Ready', 'Error', 'Stopped'].map((phase, at) => ({
        ...{ id: `id-${at}`, name: `s${at}`, workspace: 'default', labels: {}, annotations: {} },
        ...{ resource_version: 3, created_at: '2026-11-26 10:00:00', phase, current_policy_version: 1 },
      }));
      const machines = await listed(
        'openshell',
        `case "$1 $2" in
      "gateway list") echo '${JSON.stringify(gateways)}' ;;
      "sandbox list") echo '${JSON.stringify(sandboxes)}' ;;
      esac`,
      );
      const command = [
        `${bin}/openshell`,
        'ssh-proxy',
        '--gateway-name=prod',
        '--workspace=default',
        '--name=s0',
      ];
      expect(machines).toMatchObject([
        { target: 'openshell/s0', status: 'running', user: 'sandbox', routes: [{ command }] },
        { name: 's1', status: 'unknown' },
        { name: 's2', status: 'off' },
      ]);
    });

    it('has at most twenty lines', () => {
      for (const text of shippedSources.values())
        expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
    });
  },
);
