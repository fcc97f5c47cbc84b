import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingAddon } from '../helpers/addon.js';
import { executable, run, runtime, vmssh } from '../helpers/run.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';
import { versionSchema } from '../program/json-schemas.js';

const dir = useTempDir();

describe('the program', () => {
  it('helps with a command of a group', async () => {
    const result = await run([...vmssh, 'help', 'guest', 'print']);
    expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('vmssh guest print') });
    expect(await run([...vmssh, 'guest', 'print', '--help'])).toMatchObject({ stdout: result.stdout });
  });

  it('says that it does not know what it should help with', async () => {
    const result = await run([...vmssh, 'help', 'nope']);
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('"nope"') });
  });

  it.skipIf(!existsSync('/dev/full'))('says that its output went nowhere', async () => {
    const result = await run(['sh', '-c', 'exec "$@" > /dev/full', 'sh', ...vmssh, 'config', 'print']);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOSPC') });
    expect(result.stderr).not.toContain('a bug in vmssh');
  });

  it('says what this build is', async () => {
    for (const words of ['--version --json', '--json -V']) {
      const { code, stdout, stderr } = await run([...vmssh, ...words.split(' ')]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const { commit, engine, platform, features } = versionSchema.parse(JSON.parse(stdout));
      const checkout = runtime !== 'source' && existsSync('.git');
      expect(commit).toEqual(checkout ? expect.stringMatching(/^[0-9a-f]{40}$/) : null);
      expect(engine.name).toBe(executable === undefined ? 'Node' : 'QuickJS-ng');
      expect(platform).toBe(runtime === 'arm64' ? 'linux-arm64' : `${process.platform}-${process.arch}`);
      expect(features).toContain('unix');
      if (missingAddon() === undefined)
        expect(features).toEqual(['unix', 'vsock', 'fd-passing', 'native-relay']);
    }
  });

  it('names the version that wrote lines for ssh which it does not understand', async () => {
    const HOME = join(dir, 'newer');
    writeTree(HOME, { '.local/state/vmssh/hosts.json': '{"version":7,"vmssh":"9.1.0"}' });
    const result = await run([...vmssh, 'proxy', '--later', 'mint', '22'], { env: { ...process.env, HOME } });
    expect(result).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /--later.*\nhint: the lines for ssh are of vmssh 9\.1\.0, and this is vmssh /,
      ),
    });
  });

  it.each([
    [['check', '--until=resolved', 'vsock/3'], 0, ' vsock:3:22\n'],
    [['frob'], 2, 'hint: to log in to a machine: '],
    [['check', '-l', 'ann', 'unix/no/such'], 1, 'hint: check that the machine is running'],
    [['ssh', '--print-command', 'unix/x'], 0, 'proxy '],
    [['list', '--provider=nspawn', '-q'], 0, ''],
  ])('works in a folder that was removed: $0', async (args, code, says) => {
    const script = 'mkdir "$1" && cd "$1" && rmdir "$1" && shift && exec "$@"';
    const gone = join(dir, `gone-${args[0]}`);
    const result = await run(['sh', '-c', script, 'sh', gone, ...vmssh, ...args]);
    expect({ ...result, signal: null }).toMatchObject({ code });
    expect(result.stdout + result.stderr).toContain(says);
    expect(result.stderr).not.toMatch(/cwd|a bug in vmssh/);
  });

  it.each([
    ['ssh starts without a parser', ['nc', '--banner', '--pipe', 'vsock/3'], '--banner and --pipe'],
    ['the parser reads', ['list', '-q', '-o', 'wide'], '--quiet and --output'],
  ])('refuses options that cannot be used together, of a command that $0', async (_about, args, says) => {
    const result = await run([...vmssh, ...args]);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(`vmssh: ${says} cannot be used together\n`);
  });

  // Node itself needs some 20 before this program begins.
  it('says in a line that it has too few descriptors, however few those are', async () => {
    for (let most = 5; most < 40; most++) {
      const limited = ['sh', '-c', 'ulimit -n "$0"; exec "$@"', `${most}`];
      const { stderr } = await run([...limited, ...vmssh, 'proxy', 'vsock/x', '22']);
      // A trace of a module that could not be loaded, once these two have begun to run.
      expect(stderr).not.toMatch(/open '(?!\S*\/(?:vmssh\.js|fast-path\.m?js)')\S*'\n\s+at /);
    }
  }, 240_000);

  it.each(['list', 'check', 'doctor'])('says the cause and the fix if %s has too few', async (command) => {
    const home = join(dir, 'few');
    const args = ['sh', '-c', 'ulimit -n 24; exec "$@"', 'sh', ...vmssh, command];
    const { stderr } = await run([...args, ...(command === 'check' ? ['vsock/77777'] : [])], {
      env: { ...process.env, HOME: home },
    });
    // The executable, which has its files in itself, may have enough.
    if (stderr.includes('EMFILE'))
      expect(stderr).toMatch(/^vmssh: EMFILE: too many open files\nhint: raise ulimit -n /);
  });

  it('says what stands in the way of a file', async () => {
    const home = join(dir, 'home');
    mkdirSync(home);
    writeFileSync(join(home, '.ssh'), '');
    const result = await run([...vmssh, 'config', 'install'], { env: { ...process.env, HOME: home } });
    expect(result).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('.ssh": it is a file, where a folder has to be'),
    });
    expect(result.stderr).not.toContain('a bug in vmssh');
  });
});
