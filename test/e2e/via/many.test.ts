import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { saying } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { run, runtime, vmssh } from '../../helpers/run.js';
import { script, useTempDir } from '../../helpers/temp-dir.js';

const most = 2000;

const missing = missingAddon() ?? lacks('ssh');

describe.skipIf(missing)(`a hypervisor with ${most} machines`, () => {
  const dir = useTempDir();
  const env = { ...process.env, HOME: join(dir, 'home'), VMSSH_SSH: join(dir, 'ssh'), XDG_RUNTIME_DIR: dir };
  const own = join(env.HOME, '.ssh/vmssh.conf');
  const config = (...args: string[]) =>
    run([...vmssh, 'config', ...args], { env, timeout: runtime === 'node' ? 60_000 : 200_000 });
  const text = () => readFileSync(own, 'utf8');

  /** What hv1 answers from now on; hv2 has one machine. */
  function answers(count: number, first = 0) {
    const machines = Array.from({ length: count }, (_, at) => listed(`M${first + at}`, first + at));
    writeFileSync(join(dir, 'hv1'), JSON.stringify({ version: 1, machines }));
    writeFileSync(join(dir, 'hv2'), JSON.stringify({ version: 1, machines: [listed('other', 99_999)] }));
    script(
      join(dir, 'ssh'),
      `[ "$*" != -V ] || exec echo OpenSSH_8.4p1; echo "$*" | grep -o 'vmssh-[0-9a-f]\\{32\\}'; case "$*" in *' hv2 '*) cat '${dir}/hv2' ;; *) cat '${dir}/hv1' ;; esac`,
    );
  }

  function listed(name: string, at: number) {
    const uuid = `11111111-2222-4333-8444-${String(at).padStart(12, '0')}`;
    return { name, target: `machine/${name}`, status: 'running', provider: 'machined', also: [], uuid };
  }

  async function effective(host: string) {
    const { code, stdout, stderr } = await run(['ssh', '-G', '-T', '-F', own, host]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return Object.fromEntries(stdout.split('\n').map((line) => line.split(/ (.*)/s).slice(0, 2)));
  }

  it('has Hosts that ssh reads, which follow its machines', { timeout: 1_000_000 }, async () => {
    mkdirSync(env.HOME);
    answers(most);
    const first = await config('install', '--no-fresh', '--via', 'hv1,hv2');
    expect(first).toMatchObject({ code: 0 });
    // Other tests may have machines in processes of their own.
    expect(Number(/^Ready: ssh .* (\d+) more$/m.exec(first.stdout)?.[1])).toBeGreaterThan(most - 9);
    expect(first.stdout).toMatch(
      /^each start of ssh reads them: \d+ Hosts .* cost it about \d+ ms\. .*config install --only-patterns writes no Host, and ssh via\/hv1\/NAME works without one$/m,
    );
    expect(statSync(own).mode & 0o777).toBe(0o600);
    const last = most - 1;
    const typed = { 'M0.hv1': 0, 'm0.hv1': 0, 'via/hv1/M0': 0, [`via%hv1%machine%M${last}`]: last };
    for (const [host, at] of Object.entries(typed))
      expect(await effective(host)).toMatchObject({
        proxyusefdpass: 'yes',
        hostkeyalias: expect.stringContaining(
          `vmssh-via%hv1-11111111-2222-4333-8444-${String(at).padStart(12, '0')}=`,
        ),
      });
    expect((await effective('other.hv2')).hostkeyalias).toContain(
      'vmssh-via%hv2-11111111-2222-4333-8444-000000099999=',
    );
    for (const host of [`M${most}.hv1`, 'm0', 'other'])
      expect((await effective(host)).proxycommand).toBeUndefined();
    // One came, one went.
    answers(most, 1);
    expect((await config('install')).stdout).toMatch(/^✓ Up to date: /m);
    expect(await config('install', '--via', 'hv1')).toMatchObject({ code: 0 });
    expect((await effective('M0.hv1')).proxycommand).toBeUndefined();
    expect((await effective(`M${most}.hv1`)).proxycommand).toBeDefined();
    expect((await effective('other.hv2')).proxycommand).toBeDefined();
    // An edited file stays.
    const before = text();
    writeFileSync(own, before.replace('-11111111-', '-22222222-'));
    expect(await config('install', '--via', 'hv1')).toMatchObject(saying(1, 'was edited'));
    writeFileSync(own, before);
    answers(4);
    const few = await config('install', '--via', 'hv1');
    expect(few).toMatchObject({ code: 0, stdout: expect.not.stringContaining('each start of ssh') });
    expect(await config('uninstall')).toMatchObject({ code: 0 });
    expect(() => text()).toThrow('ENOENT');
  });
});
