import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run, runtime, vmssh } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { script } from './hypervisors.js';

/** VMSSH_TRIAL=1: as many as the figures of docs/many-hosts.md are for, in each runtime. */
const most = process.env.VMSSH_TRIAL === '1' ? 10_000 : 700;

const missing = missingAddon() ?? missingPrograms({ ssh: 'openssh-client' });

describe.skipIf(missing)(`a hypervisor with ${most} machines`, () => {
  const dir = useTempDir();
  const env = { ...process.env, HOME: join(dir, 'home'), VMSSH_SSH: join(dir, 'ssh'), XDG_RUNTIME_DIR: dir };
  const own = join(env.HOME, '.ssh/vmssh.conf');
  const config = (...args: string[]) =>
    run([...vmssh, 'config', ...args], { env, timeout: runtime === 'node' ? 60_000 : 200_000 });
  const text = () => readFileSync(own, 'utf8');

  /** What the hypervisor answers from now on. */
  function answers(count: number, first = 0) {
    const machines = Array.from({ length: count }, (_, at) => ({
      ...{
        name: `m${first + at}`,
        target: `machine/m${first + at}`,
        status: 'running',
        provider: 'machined',
      },
      ...{ also: [], uuid: `11111111-2222-4333-8444-${String(first + at).padStart(12, '0')}` },
    }));
    writeFileSync(join(dir, 'list'), JSON.stringify({ version: 1, machines }));
    script(join(dir, 'ssh'), `echo "$*" | grep -o 'vmssh-[0-9a-f]\\{32\\}'; cat '${dir}/list'`);
  }

  async function effective(host: string) {
    const { code, stdout, stderr } = await run(['ssh', '-G', '-T', '-F', own, host]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return Object.fromEntries(stdout.split('\n').map((line) => line.split(/ (.*)/s).slice(0, 2)));
  }

  it('has Hosts that ssh reads, which follow its machines', { timeout: 1_000_000 }, async () => {
    mkdirSync(env.HOME);
    answers(most);
    const first = await config('install', '--no-fresh', '--via', 'hv1');
    expect(first).toMatchObject({ code: 0 });
    // Other tests may have machines in processes of their own.
    expect(Number(/^(\d+) machines: /m.exec(first.stdout)?.[1])).toBeGreaterThanOrEqual(most);
    expect(text().match(/^#: /gm)).toHaveLength(most);
    expect(statSync(own).mode & 0o777).toBe(0o600);
    for (const host of ['m0.hv1', `m${most / 2}.hv1`, `m${most - 1}.hv1`]) {
      const settings = await effective(host);
      expect(settings).toMatchObject({
        ...{ hostname: host, stricthostkeychecking: 'accept-new', proxyusefdpass: 'yes' },
        proxycommand: expect.stringContaining(` proxy --fdpass --hosts ${own} '%h' %p`),
      });
      expect(settings.hostkeyalias).toBeUndefined();
    }
    for (const host of [`m${most}.hv1`, 'm0', 'other'])
      expect((await effective(host)).proxycommand).toBeUndefined();
    const target = (host: string) => run([...vmssh, 'proxy', '--hosts', own, host, '22'], { env });
    expect((await target('M1.hv1')).stderr).toContain('"via/hv1/machine/m1"');
    expect(await target(`m${most}.hv1`)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('has no target for this Host'),
    });
    // One came, one went.
    answers(most, 1);
    expect((await config('install')).stdout).toMatch(/^nothing to change$/m);
    expect(await config('install', '--via', 'hv1')).toMatchObject({ code: 0 });
    expect((await effective('m0.hv1')).proxycommand).toBeUndefined();
    expect((await effective(`m${most}.hv1`)).proxycommand).toBeDefined();
    // An edited file stays.
    const before = text();
    writeFileSync(own, before.replace('vmssh-11111111', 'vmssh-22222222'));
    expect(await config('install', '--via', 'hv1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('was edited'),
    });
    writeFileSync(own, before);
    // For few machines it is as it was.
    answers(400);
    expect(await config('install', '--via', 'hv1')).toMatchObject({ code: 0 });
    expect(text()).not.toMatch(/^#: /m);
    // For a ssh that read the file before that.
    expect((await target('m1.hv1')).stderr).toContain('"via/hv1/machine/m1"');
    expect((await effective('m399.hv1')).hostkeyalias).toBe('vmssh-11111111-2222-4333-8444-000000000399');
    expect(await config('uninstall')).toMatchObject({ code: 0 });
    expect(() => text()).toThrow('ENOENT');
  });
});
