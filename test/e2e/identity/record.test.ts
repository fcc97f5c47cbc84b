import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failing, saying } from '../../helpers/expected.js';
import { missingRoot, otherUser } from '../../helpers/other-user.js';
import { lacks } from '../../helpers/programs.js';
import { run, vmssh, vmsshWords } from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const missing = lacks('ssh', 'sshd', 'unshare');

describe.skipIf(missing)('what a proxy leaves for the host key', () => {
  const dir = useTempDir();
  const home = join(dir, 'home');
  const conf = join(home, '.ssh/vmssh.conf');
  const left = join(dir, 'run/vmssh');
  const env = { ...process.env, HOME: home, XDG_RUNTIME_DIR: join(dir, 'run'), XDG_STATE_HOME: '' };
  const sshd = useSshd(dir);
  const ssh = (lines: string, ...options: string[]) => [
    ...['ssh', '-F', lines, '-o', 'BatchMode=yes', '-i', join(dir, 'id'), ...options],
    ...[`unix${sshd.path}`, 'exit 7'],
  ];
  /** So nothing takes the record. */
  const notAsking = ['-o', 'KnownHostsCommand=none', '-o', 'StrictHostKeyChecking=no'];
  const records = () => (existsSync(left) ? readdirSync(left).length : 0);

  beforeAll(async () => {
    mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
    mkdirSync(join(dir, 'run'), { mode: 0o700 });
    expect(await run([...vmssh, 'config', 'install'], { env })).toMatchObject({ code: 0 });
  });
  beforeEach(() => rmSync(left, { recursive: true, force: true }));

  it('is a record by the lines of config install', async () => {
    expect(await run(ssh(conf, ...notAsking), { env })).toMatchObject({ code: 7 });
    expect(records()).toBe(1);
    expect(await run(ssh(conf), { env })).toMatchObject({ code: 7 });
    expect(records()).toBe(1);
  });

  it('is nothing without --record', async () => {
    const proxy = `ProxyCommand=${vmsshWords} proxy --fdpass --typed %n %h %p`;
    expect(await run(ssh(conf, '-o', proxy, ...notAsking), { env })).toMatchObject({ code: 7 });
    expect(records()).toBe(0);
  });

  it("is nothing where /proc is another pid namespace's, and so there is no connection", async () => {
    const isRoot = process.getuid?.() === 0;
    const inNamespace = (...more: string[]) =>
      run(['unshare', isRoot ? '-pf' : '-rpf', ...more, ...ssh(conf, '-o', 'StrictHostKeyChecking=no')], {
        env,
      });
    expect(await inNamespace()).toMatchObject(saying(255, /hint: mount the \/proc of this namespace/));
    // In a user namespace ssh may not run a KnownHostsCommand.
    if (isRoot) expect(await inNamespace('--mount-proc')).toMatchObject({ code: 7 });
  });

  it.skipIf(missingRoot('a user without a folder'))('has a folder, or there is no connection', async () => {
    const proxy = (HOME: string, ...words: string[]) =>
      run([...vmssh, 'proxy', ...words, `unix${sshd.path}`, '22'], {
        env: { PATH: process.env.PATH, HOME },
        ...otherUser,
      });
    expect(await proxy('/dev/null', '--record')).toMatchObject(
      failing(1, 'set XDG_RUNTIME_DIR or XDG_STATE_HOME to a folder of yours'),
    );
    const open = join(dir, 'open');
    mkdirSync(open);
    chmodSync(dir, 0o755);
    chmodSync(open, 0o777);
    expect(await proxy(open, '--record')).toMatchObject(
      failing(1, `any user can write to ${open}, so HOME is not trusted: chmod o-w ${open}`),
    );
    expect(await proxy('/dev/null')).toMatchObject({ stdout: expect.stringMatching(/^SSH-2\.0-|^$/) });
  });
});
