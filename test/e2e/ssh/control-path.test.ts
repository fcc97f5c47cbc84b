import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { printing, saying } from '../../helpers/expected.js';
import { findProgram, lacks } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import { missingTerminal } from '../../helpers/sshd.js';
import { useTempDir } from '../../helpers/temp-dir.js';

describe.skipIf(lacks('ssh', 'sshd'))('a ControlPath', () => {
  const dir = useTempDir();
  const sshd = useSshd(dir);
  const target = `unix${sshd.path}`;

  function config(token: string, master = `cm-%${token}`): string {
    const path = join(dir, `config-${token}`);
    const control = `Host *\n    ControlMaster auto\n    ControlPath ${dir}/${master}\n`;
    writeFileSync(path, `${control}Include ${sshd.config('relay')}\n`, { mode: 0o600 });
    return path;
  }

  it('with the name of the host keeps ssh from every target with a slash, and %C does not', async () => {
    const login = (token: string) => run(['ssh', '-F', config(token), target, 'exit 3']);
    expect(await login('h')).toMatchObject(saying(255, 'cannot bind to path'));
    expect(await login('C')).toMatchObject({ code: 3 });
  });

  it.skipIf(missingTerminal())('is seen by check, which says %C', async () => {
    const check = (token: string) =>
      run([...vmssh, 'check', '--ssh-config', config(token), `${sshd.user}@${target}`]);
    const { code, stdout } = await check('h');
    expect({ code, stdout }).toMatchObject(
      printing(1, /^✗ \S+: ssh's ControlPath is .*cm-.*\n {2}fix: .*ControlPath ~\/\.ssh\/control-%C\n/),
    );
    expect(await check('C')).toMatchObject({ code: 0, stdout: expect.not.stringContaining('control-path') });
  });

  it.skipIf(missingTerminal()).each([
    ['too long', 'x'.repeat(90), /a socket can have 90 bytes there/, /a shorter one/],
    ['in a folder that is missing', 'none/%C', /its folder is not there/, /mkdir -p -m 700 .*none/],
  ])('that is %s ends ssh, and check says so', async (_what, master, problem, fix) => {
    const path = config('C', master);
    expect(await run(['ssh', '-F', path, target, 'exit 3'])).toMatchObject({ code: 255 });
    const { code, stdout } = await run([...vmssh, 'check', '--ssh-config', path, `${sshd.user}@${target}`]);
    const says = new RegExp(`^✗ \\S+: ssh's ControlPath is .*${problem.source}.*\n {2}fix: .*${fix.source}`);
    expect({ code, stdout }).toMatchObject(printing(1, says));
  });

  it.skipIf(missingTerminal())(
    "is seen by check at a Host of the user's own that vmssh does not know",
    async () => {
      const host = (token: string) => {
        const path = config(token);
        const proxy = `ProxyCommand ${findProgram('sshd')} -i -f ${dir}/sshd_config`;
        const own = `Host corp/box\n    ${proxy}\n    UserKnownHostsFile ${dir}/own\n`;
        writeFileSync(path, own + readFileSync(path, 'utf8'));
        return path;
      };
      const check = (token: string) => run([...vmssh, 'check', '--ssh-config', host(token), 'corp/box']);
      expect(await check('C')).toMatchObject(printing(0, /^✓ corp\/box: ssh logs in as /));
      expect(await check('h')).toMatchObject(printing(1, /^✗ corp\/box: ssh's ControlPath is .*cm-/));
    },
  );
});
