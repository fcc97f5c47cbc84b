import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingRoot } from '../../helpers/other-user.js';
import { run, vmssh } from '../../helpers/run.js';
import { script, useTempDir } from '../../helpers/temp-dir.js';

// runuser and getent are stand-ins: no account of the host is used.
describe.skipIf(missingRoot('vmssh setup behind sudo'))('sudo vmssh setup', () => {
  const dir = useTempDir();
  const [bin, log] = [join(dir, 'bin'), join(dir, 'log')];
  const env = {
    ...{ PATH: `${bin}:${process.env.PATH}`, HOME: dir, TERM: 'dumb', SSH_AUTH_SOCK: join(dir, 'agent') },
    ...{ SUDO_UID: '1000', XDG_RUNTIME_DIR: dir },
  };
  const setup = (...words: readonly string[]) => {
    mkdirSync(bin, { recursive: true });
    rmSync(log, { force: true });
    script(join(bin, 'getent'), 'echo ann:x:1000:1000::/home/ann:/bin/sh');
    script(join(bin, 'runuser'), `{ printf '%s\\n' "$@"; env; } >'${log}'; exit 4`);
    return run([...vmssh, 'setup', ...words], { env });
  };

  it('is for the person who called it: by a child that has become ann, without what is of root', async () => {
    const { code, stderr } = await setup('--yes', 'web box');
    expect(code).toBe(4);
    expect(stderr).toBe(
      'hint: it was looked for as ann has it; for the machines and the ssh of root: --for root\n',
    );
    const said = readFileSync(log, 'utf8').split('\n');
    expect(said.slice(0, 3)).toEqual(['-u', 'ann', '--']);
    expect(said.join('\n')).toContain('\nsetup\n--yes\nweb box\n');
    expect(said).toEqual(expect.arrayContaining(['HOME=/home/ann', 'USER=ann', 'LOGNAME=ann', 'TERM=dumb']));
    expect(said.filter((line) => /^(SUDO_|SSH_|XDG_)/.test(line))).toEqual([]);
  });

  it('changes nothing for root if it cannot become that person, or does not find who called it', async () => {
    await setup('--yes', 'web box');
    const setupBy = (path: string) =>
      run([...vmssh, 'setup', '--yes', 'web'], { env: { ...env, PATH: path } });
    expect(await setupBy(join(dir, 'none'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^vmssh: the password database does not name uid 1000, which called sudo\nhint: .+\n$/,
      ),
    });
    rmSync(join(bin, 'runuser'));
    script(join(bin, 'timeout'), 'shift 3; exec "$@"');
    const stderr = 'vmssh: cannot become ann: spawn runuser ENOENT\nhint: run it without sudo\n';
    expect(await setupBy(bin)).toMatchObject({ code: 1, stderr });
  });

  it('is for root with --for root', async () => {
    const { code, stderr } = await setup('--yes', '--for', 'root', 'box/none');
    expect(code).not.toBe(0);
    expect(stderr).not.toContain('hint: it was looked for as ann');
    expect(() => readFileSync(log)).toThrow('ENOENT');
  });
});
