import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { lacks } from '../../helpers/programs.js';
import { executable, run, vmssh } from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import { startSshd } from '../../helpers/sshd.js';
import { useTempDir } from '../../helpers/temp-dir.js';

// Node has read its arguments as UTF-8 before a program of it begins, so only the executable can hand them on.
const missing = executable === undefined || lacks('ssh', 'sshd');

/** printf's text for bytes that are not UTF-8: Latin-1, a cut emoji, half a surrogate pair. */
const odd = 'caf\\351-\\360\\237\\222-\\355\\240\\200';
const raw = (path: string) => Buffer.concat([Buffer.from(`${path}/`), oddBytes]);
const oddBytes = Buffer.from('636166e92df09f922deda080', 'hex');

describe.skipIf(missing)('bytes that are not UTF-8', () => {
  const dir = useTempDir();
  const sshd = useSshd(dir);
  beforeAll(() => renameSync(join(dir, 'id'), raw(dir)));

  /** Runs a line of sh in which "$odd" has the bytes, and "$@" is vmssh. */
  const sh = (line: string, env = {}) =>
    run(['/bin/sh', '-c', `odd=$(printf '${odd}'); ${line}`, 'sh', ...vmssh], {
      env: { ...process.env, ...env },
    });

  it('in an argument name the same file for ssh', async () => {
    const options =
      '-o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=accept-new -l "$USER_NAME"';
    const { code, stdout, stderr } = await sh(
      `exec "$@" ssh ${options} -i "$DIR/$odd" unix"$SOCKET" 'echo in'`,
      { DIR: dir, SOCKET: sshd.path, USER_NAME: sshd.user },
    );
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: 'in\n' });
  });

  it('reach ssh in its environment', async () => {
    const ssh = join(dir, 'ssh-with-env');
    writeFileSync(ssh, '#!/bin/sh\nprintf %s "$ODD" | od -An -tx1 | tr -d " \\n"\n', { mode: 0o755 });
    const { stdout } = await sh('ODD=$odd exec "$@" ssh vsock/3', { VMSSH_SSH: ssh });
    expect(stdout).toBe(oddBytes.toString('hex'));
  });

  it('in the path of the program are refused for the lines for ssh', async () => {
    const { code, stdout, stderr } = await sh(
      'mkdir "$DIR/$odd.d" && cp "$1" "$DIR/$odd.d/vmssh" && exec "$DIR/$odd.d/vmssh" config print --only-patterns',
      { DIR: dir },
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('text with bytes that are not UTF-8 cannot be written to an ssh_config: /');
  });

  it('name the same socket, and are printed as escapes', async () => {
    const { code, stderr } = await sh('exec "$@" nc "unix$DIR/$odd.sock"', { DIR: dir });
    expect(code).toBe(1);
    expect(stderr).toContain(`no socket at ${dir}/caf\\u{dce9}-\\u{dcf0}\\u{dc9f}\\u{dc92}-`);
    expect(stderr).not.toMatch(/[^\n -~]/);
    const other = await startSshd(dir, 'other.sock');
    renameSync(other.path, Buffer.concat([raw(dir), Buffer.from('.sock')]));
    const { stdout } = await sh(
      'exec "$@" nc --banner "unix$DIR/$odd.sock" || exec "$@" nc "unix$DIR/$odd.sock" </dev/null',
      { DIR: dir },
    );
    expect(stdout).toMatch(/^SSH-2\.0-/);
    await other.close();
  });
});
