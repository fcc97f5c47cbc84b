import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { printing, saying } from '../../helpers/expected.js';
import { missingRoot } from '../../helpers/other-user.js';
import { findProgram, lacks, missingPrograms, pathWithSsh } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { startAgent } from './agents.js';

const missing =
  lacks('ssh', 'ssh-keygen', 'sshd', 'unshare', 'mount') ?? missingRoot('a home of its own in /etc/passwd');

describe.skipIf(missing)("what this host's side of a login is", () => {
  const dir = useTempDir();
  const sshd = useSshd(dir);
  const address = `unix${sshd.path}`;
  const key = `Host *\n    User ${sshd.user}\n    IdentityFile ${dir}/id\n    StrictHostKeyChecking accept-new\n`;

  /** A home of its own, which is that of /etc/passwd, as ssh asks there. */
  function newHome(files: Readonly<Record<string, string>> = {}) {
    const home = mkdtempSync(join(dir, 'h'));
    mkdirSync(join(home, '.ssh'), { mode: 0o700 });
    writeTree(home, { '.ssh/config': key, ...files });
    const [passwd, at] = [join(home, 'passwd'), (name: string) => join(home, name)];
    const { username } = userInfo();
    const line = new RegExp(`^(${username}:(?:[^:]*:){4})[^:]*`, 'm');
    writeFileSync(passwd, readFileSync('/etc/passwd', 'utf8').replace(line, `$1${home}`));
    const { SHLVL: _, SSH_AUTH_SOCK: __, ...rest } = process.env;
    const inside = (words: readonly string[], more: NodeJS.ProcessEnv = {}) =>
      run(['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc/passwd && exec "$@"', passwd, ...words], {
        env: { ...rest, HOME: home, XDG_RUNTIME_DIR: home, ...more },
      });
    return {
      at,
      vmssh: (words: readonly string[], more?: NodeJS.ProcessEnv) => inside([...vmssh, ...words], more),
      ssh: (...words: string[]) => inside(['ssh', ...words]),
    };
  }

  it('is the ssh of PATH, which VMSSH_SSH does not change', async () => {
    const [knows, knowsNot] = [newHome({ '.ssh/config': `Include ${sshd.config('relay')}\n` }), newHome()];
    const check = ['check', address];
    expect(await knows.ssh(address, 'true')).toMatchObject({ code: 0 });
    expect(await knows.vmssh(check, { VMSSH_SSH: '/bin/false' })).toMatchObject(
      printing(0, /^✓ \S+: ssh logs in as /),
    );
    expect(await knowsNot.ssh(address, 'true')).toMatchObject(saying(255, 'Could not resolve hostname'));
    const theirs = `ssh -F ${sshd.config('relay')}`;
    expect(await knowsNot.vmssh(check, { VMSSH_SSH: theirs })).toMatchObject(
      printing(0, /^! \S+: vmssh ssh logs in as \S+; plain ssh has no Host /),
    );
  });

  it('is a configuration that another program wrote anew, for check and config refresh', async () => {
    const home = newHome();
    const installed = await home.vmssh(['config', 'install', '--only-patterns', '--fresh']);
    expect(installed).toMatchObject({ code: 0, stderr: '' });
    writeFileSync(home.at('.ssh/config'), key);
    const lost = /\.ssh\/config does not include \S+vmssh\.conf above its first Host/;
    const { code, stdout } = await home.vmssh(['check', address]);
    expect({ code, stdout }).toMatchObject(printing(0, /^! .* plain ssh has no Host /));
    expect(stdout).toMatch(lost);
    expect(stdout).toMatch(/^ {2}fix: .*config install, or give that program this line .*: Include /m);
    expect(await home.vmssh(['config', 'refresh'])).toMatchObject(saying(1, lost));
  });

  it('is an agent that never answers, for doctor', async () => {
    const home = newHome();
    await startAgent(home.at('agent'), 'hangs', join(dir, 'id.pub'));
    const { stdout } = await home.vmssh(['doctor', '--json'], { SSH_AUTH_SOCK: home.at('agent') });
    const { checks } = JSON.parse(stdout);
    expect(checks.find(({ name }: { name: string }) => name === 'ssh-agent')).toMatchObject({
      state: 'failed',
      found: `the ssh-agent at ${home.at('agent')} does not answer, and ssh waits for it`,
    });
  });

  it.skipIf(missingPrograms({ bash: 'bash' }))(
    'is a shell that prints, and config install says which line mends it',
    async () => {
      const home = newHome({ '.bashrc': 'echo welcome\n' });
      const install = ['config', 'install', '--only-patterns'];
      const shell = { SHELL: findProgram('bash') };
      expect(await home.vmssh(install, shell)).toMatchObject(
        saying(0, /~\/\.bashrc prints "welcome".*\nhint: put this line at the top of ~\/\.bashrc: \[\[ /),
      );
      writeFileSync(home.at('.bashrc'), '[[ $- == *i* ]] || return\necho welcome\n');
      expect(await home.vmssh(install, shell)).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it('is an ssh with another -F, and config install says which file needs the line', async () => {
    const home = newHome({ work: key });
    const PATH = pathWithSsh(home.at('other'), home.at('work'));
    const install = ['config', 'install', '--only-patterns'];
    const { code, stderr } = await home.vmssh(install, { PATH });
    const [, line = ''] = /\nhint: put this line at the top of \S+work: (Include \S+)\n/.exec(stderr) ?? [];
    expect({ code, stderr }).toMatchObject(saying(1, /the ssh in PATH reads \S+work in place of \S+config/));
    writeFileSync(home.at('work'), `${line}\n${key}`);
    expect(await home.vmssh(install, { PATH })).toMatchObject({ code: 0, stderr: '' });
  });
});
