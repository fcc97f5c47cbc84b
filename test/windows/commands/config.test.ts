import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { saying } from '../../helpers/expected.js';
import { describeWindows } from '../bed/describe.js';
import { programs, workFile } from '../bed/paths.js';
import { runOnWindows } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

describeWindows.each(Object.entries(programs))('vmssh config by %s', (_name, program) => {
  // With a space and in another script, as a user of Windows may have it.
  const home = () => join(workFolder(), 'Jörg 日本');
  const own = () => join(home(), '.ssh/vmssh.conf');
  beforeEach(() => rmSync(home(), { recursive: true, force: true }));

  const config = async (...args: readonly string[]) => {
    const env = { ...process.env, ...more, BRIDGE_HOME: workFile('Jörg 日本') };
    const { code, stdout, stderr } = await runOnWindows([...program, 'config', ...args], { env });
    return { code, stdout, stderr };
  };
  let more: NodeJS.ProcessEnv = {};
  beforeEach(() => {
    more = {};
  });
  const main = () => readFileSync(join(home(), '.ssh/config'), 'utf8');
  const include = 'Include "Z:/mnt/work/Jörg 日本/.ssh/vmssh.conf" vmssh.conf\n';

  it("install, diff and uninstall work in the user's own folder", async () => {
    expect(await config('diff', '--only-patterns')).toMatchObject({ code: 1, stderr: '' });
    expect(await config('install', '--only-patterns')).toMatchObject({ code: 0, stderr: '' });
    expect(main()).toContain(include);
    expect(readFileSync(own(), 'utf8')).toContain('/vmssh.');
    expect(await config('diff', '--only-patterns')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await config('uninstall')).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(own())).toBe(false);
  });

  it('install writes what ssh 7.7 takes: no %n', async () => {
    more = {
      WINEPATH: 'C:\\windows\\system32\\OpenSSH',
      FAKE_SSH_ERR: 'OpenSSH_for_Windows_7.7p1, LibreSSL 2.6.5\n',
    };
    expect(await config('install', '--only-patterns')).toMatchObject({ code: 0, stderr: '' });
    expect(main()).toContain(include);
    const lines = readFileSync(own(), 'utf8');
    expect(lines).toContain('proxy "%h" %p\n');
    expect(lines).not.toContain('%n');
  });

  // Wine keeps an access list as the mode of a file.
  it('install keeps the access list of ~/.ssh/config', async () => {
    mkdirSync(join(home(), '.ssh'), { recursive: true });
    writeFileSync(join(home(), '.ssh/config'), 'Host own\n');
    // Wine turns the part of the owner into another one and back; a new file may be read by all.
    for (const mode of [0o600, 0o646]) {
      chmodSync(join(home(), '.ssh/config'), mode);
      const act = mode === 0o600 ? ['install', '--only-patterns'] : ['uninstall'];
      expect(await config(...act)).toMatchObject({ code: 0 });
      expect(statSync(join(home(), '.ssh/config')).mode & 0o006).toBe(mode & 0o006);
    }
  });

  it('refuse a file for all users there', async () => {
    expect(await config('install', '--system')).toMatchObject(saying(2, 'ProgramData'));
  });
});
