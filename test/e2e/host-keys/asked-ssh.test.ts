import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import { lacks } from '../../helpers/programs.js';
import { run, vmssh, vmsshWords } from '../../helpers/run.js';
import { useMachined, useSshd } from '../../helpers/sockets/peers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const missing = lacks('ssh', 'sshd', 'rsync');
/** VMSSH_TEST_SSH=/path/to/ssh tries another version. */
const ssh = process.env.VMSSH_TEST_SSH ?? 'ssh';
const name = 'web-a1';
const yes = '    StrictHostKeyChecking yes\n';

/** One machine of systemd-machined, with a key that nobody knows: whether it is let in is the word of the ssh that asks. */
describe.skipIf(missing)('the policy is that of the ssh that asks', () => {
  const dir = useTempDir();
  const home = join(dir, 'home');
  const pins = join(home, '.ssh/vmssh_known_hosts');
  const conf = join(home, '.ssh/vmssh.conf');
  const file = join(dir, 'own.conf');
  mkdirSync(join(dir, 'a'));
  const sshd = useSshd(join(dir, 'a'));
  const listed: JsonObject[] = [];
  const machined = useMachined(listed);
  const envOf = { ...process.env, HOME: home, VMSSH_HOST_KEYS: '', ...machined.env };
  const options = ['-o', 'BatchMode=yes', '-i', join(dir, 'a/id')];

  beforeAll(async () => {
    mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
    listed.push({
      ...{ name, id: '11111111222243338444555555555555', class: 'vm', service: 'x' },
      ...{ sshAddress: `unix${sshd.path}`, sshPrivateKeyPath: join(dir, 'a/id') },
    });
    expect(await run([...vmssh, 'config', 'install'], { env: envOf })).toMatchObject({ code: 0 });
    expect(readFileSync(conf, 'utf8')).not.toMatch(/StrictHostKeyChecking/);
  });
  beforeEach(() => rmSync(pins, { force: true }));

  /** By a file of the user's that includes our lines; "in", or why not. */
  const login = async (
    text: string,
    words: readonly string[],
    more: Readonly<Record<string, string>> = {},
  ) => {
    writeFileSync(file, `Include ${conf}\n${text}`, { mode: 0o600 });
    return by([ssh, '-F', file, ...options, ...words], more);
  };
  const by = async (command: readonly string[], more: Readonly<Record<string, string>> = {}) => {
    const { code, stderr } = await run([...command, 'exit 7'], {
      env: { ...envOf, ...more },
      detached: true,
    });
    return code === 7 ? 'in' : reason(stderr);
  };
  const reason = (stderr: string) =>
    /policy is strict/.test(stderr) && !/could not be asked/.test(stderr) ? 'strict' : stderr;

  it.each<[what: string, text: string, words: readonly string[], want: string]>([
    ['nobody said anything', '', [name], 'in'],
    ['a Match user', `Match user toor\n${yes}`, [`toor@${name}`], 'strict'],
  ])('%s', async (_what, text, words, want) => {
    expect(await login(text, words)).toBe(want);
  });

  it('is what was typed, whatever VMSSH_HOST_KEYS says', async () => {
    const own = { VMSSH_HOST_KEYS: 'accept-new', VMSSH_SSH: `${ssh} -oStrictHostKeyChecking=yes` };
    expect(await by([...vmssh, 'ssh', '-oStrictHostKeyChecking=no', name], own)).toBe('strict');
    const no = ['-oStrictHostKeyChecking=no', name];
    expect(await login('', no, { VMSSH_HOST_KEYS: 'strict' })).toBe('in');
  });

  it('is that of RSYNC_RSH', async () => {
    const RSYNC_RSH = `ssh ${options.join(' ')} -oStrictHostKeyChecking=yes`;
    const command = [...vmssh, 'rsync', `${name}:/etc/hostname`, join(dir, 'copied')];
    const env = { ...envOf, RSYNC_RSH, VMSSH_HOST_KEYS: 'accept-new' };
    expect(reason((await run(command, { env, detached: true })).stderr)).toBe('strict');
  });

  it('is strict with the reason, if its -F was removed meanwhile', async () => {
    const gone = join(dir, 'gone.conf');
    writeFileSync(gone, `Include ${conf}\nMatch exec "rm -f ${gone}"\n`, { mode: 0o600 });
    expect(await by([ssh, '-F', gone, ...options, name])).toMatch(/which is not there.*policy is strict/s);
  });

  it('a key that a known_hosts of that file revokes lets nobody in, known or not', async () => {
    const revoked = join(dir, 'revoked');
    writeFileSync(revoked, `@revoked * ${readFileSync(join(dir, 'a/host.pub'), 'utf8')}`);
    const text = `Host other\n    UserKnownHostsFile ${revoked}\n`;
    expect(await login(text, [name])).toContain('it is revoked');
    expect(await login('', [name])).toBe('in');
    expect(await login(text, [name])).toContain('it is revoked');
  });

  it('a key in a file of RevokedHostKeys is refused by ssh itself', async () => {
    const text = `RevokedHostKeys ${join(dir, 'a/host.pub')}\n`;
    expect(await login(text, [name])).toMatch(/revoked/);
  });

  it('a known key asks no ssh: no Match exec runs again, and once more for an unknown one', async () => {
    const ran = join(dir, 'ran');
    const text = `Match exec "echo >>${ran}"\n    Compression no\n`;
    const times = async () => {
      rmSync(ran, { force: true });
      expect(await login(text, [name])).toBe('in');
      return readFileSync(ran, 'utf8').length;
    };
    expect([await times(), await times()]).toEqual([2, 1]);
  });

  it('check says what that ssh will do, and takes /dev/null for no known_hosts', async () => {
    writeFileSync(file, `Include ${conf}\n${yes.trimStart()}`, { mode: 0o600 });
    const known = join(home, '.ssh/known_hosts');
    symlinkSync('/dev/null', known);
    const check = async (from: string) =>
      (await run([...vmssh, 'check', '--until=authentication', '--ssh-config', from, name], { env: envOf }))
        .stdout;
    expect(await check(file)).toMatch(/policy is strict/);
    expect(await login('', [name])).toBe('in');
    expect(await check(file)).not.toMatch(/policy is strict/);
    rmSync(known);
  });

  it('a parent that is no ssh is not started again', async () => {
    const key = readFileSync(join(dir, 'a/host.pub'), 'utf8').split(' ').slice(0, 2);
    const asked = await run(['sh', '-c', `${vmsshWords} host-key HOSTNAME web ${key.join(' ')}; exit $?`], {
      env: envOf,
    });
    expect(asked).toMatchObject({ code: 1, stdout: '' });
    expect(asked.stderr).toMatch(/no ssh asks, but/);
  });
});
