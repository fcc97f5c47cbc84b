import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { printing, saying } from '../../helpers/expected.js';
import { lasting } from '../../helpers/lifeline.js';
import { missingRoot, otherUser } from '../../helpers/other-user.js';
import { run, vmssh } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { compile } from '../../native/support/compile.js';

const dir = useTempDir();
const program = compile('long-command-line.c', new URL('./fixtures/', import.meta.url));
const setUserId = compile('set-user-id.c', new URL('./fixtures/', import.meta.url));
const missing = program === undefined || isRefused(program);

describe.skipIf(missing)('processes with a command line of 300 MiB', () => {
  it.each([
    { name: 'of another user', who: otherUser },
    { name: 'of this user', who: {} },
  ])('$name end nobody else', async ({ who }) => {
    await Promise.all([start(who), start(who), start(who)]);
    const { signal, stdout } = await run([...vmssh, 'list', '--json']);
    expect({ signal, ...JSON.parse(stdout) }).toMatchObject({ signal: null, machines: expect.any(Array) });
    const proxy = await run([...vmssh, 'proxy', 'qemu/nobody-has-this-name', '22'], { keepOpen: true });
    expect(proxy).toMatchObject(saying(4, 'QEMU has no machine'));
  });
});

/** A real process that says it is a machine's QEMU, of somebody whom systemd-homed or a directory may know. */
describe.skipIf(missingRoot('high numbers'))('a QEMU of a user with a high number', () => {
  const qemu = async (uid: number, cid: number) => {
    const args = ['-e', 'console.log("ready"); process.stdin.resume()', '--', '-name', `vm-of-${uid}`];
    const child = spawn(process.execPath, [...args, '-device', `vhost-vsock-pci,guest-cid=${cid}`], {
      argv0: 'qemu-system-x86_64',
      uid,
      gid: uid,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await lasting(child);
  };

  it('is not a machine to others', async () => {
    for (const [i, uid] of [0, 60_001, 60_513, 62_000].entries()) await qemu(uid, 4_000_000_001 + i);
    const getent = '#!/bin/sh\necho "anna:x:$2:100:Anna of the directory:/home/anna:/bin/bash"\n';
    writeFileSync(join(dir, 'getent'), getent, { mode: 0o755 });
    const env = { ...process.env, PATH: `${dir}:${process.env.PATH}` };
    const resolve = (uid: number) =>
      run([...vmssh, 'check', '--until=resolved', `qemu/vm-of-${uid}`], { env });
    expect(await resolve(0)).toMatchObject(printing(0, / vsock:4000000001:22$/m));
    for (const uid of [60_001, 60_513, 62_000])
      expect(await resolve(uid)).toMatchObject({ code: 4, stdout: expect.not.stringMatching(/knows.*of-6/) });
  });
});

/** sudo is one while it asks for a password: its owner is root, its name and arguments are the caller's. */
describe.skipIf(setUserId === undefined || missingRoot('the set-user-ID bit'))("a program of root's", () => {
  it('that another user has started is not a machine', async () => {
    const args = ['true', '-name', 'disguised', '-device', 'vhost-vsock-pci,guest-cid=4000000077'];
    const start = async (mode: number, who: object) => {
      chmodSync(dirname(setUserId ?? ''), 0o755);
      chmodSync(setUserId ?? '', mode);
      const child = spawn(setUserId ?? '', args, { ...who, argv0: 'qemu-system-x86_64' });
      const end = once(child, 'close');
      const said = String((await once(child.stdout, 'data'))[0]);
      const { code } = await run([...vmssh, 'check', '--until=resolved', 'qemu/disguised']);
      child.stdin.end();
      await end;
      return { said, code };
    };
    expect(await start(0o755, {})).toEqual({ said: 'ready\n', code: 0 });
    expect(await start(0o4755, otherUser)).toEqual({ said: 'ready\n', code: 4 });
  });
});

async function start(who: object): Promise<void> {
  chmodSync(dirname(program ?? ''), 0o755);
  const child = spawn(program ?? '', ['300'], { ...who, stdio: ['pipe', 'pipe', 'inherit'] });
  expect(await lasting(child)).toBe('ready\n');
}

/** Whether this kernel forbids that; prints it. */
function isRefused(program: string): boolean {
  const { status, stderr } = spawnSync(program, ['1'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status !== 0) console.warn(`skipped: ${stderr}\nremedy: a kernel with CONFIG_CHECKPOINT_RESTORE`);
  return status !== 0;
}
