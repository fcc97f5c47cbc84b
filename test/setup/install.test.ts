import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeGuestKeys } from '../../src/commands/guest/made-keys.js';
import { afterwards } from '../../src/setup/config.js';
import { ownSettings } from '../../src/setup/install.js';
import { fakeIo } from '../helpers/fake-io.js';
import { lacks } from '../helpers/programs.js';
import { run, vmssh } from '../helpers/run.js';
import { type SshdOnSocket, startSshd } from '../helpers/sshd.js';
import { useTempDir } from '../helpers/temp-dir.js';

const missing = lacks('ssh', 'sshd', 'ssh-keygen');
const { signal } = new AbortController();

describe.skipIf(missing)(`the lines of guest install${missing ? `: ${missing}` : ''}`, () => {
  const dir = useTempDir();
  const env = { ...process.env, HOME: join(dir, 'home'), SSH_AUTH_SOCK: undefined };
  const io = () => fakeIo({ env, self: vmssh });
  const config = join(dir, 'own');
  const into = (host: string) => ({ by: 'ssh', host, sshConfig: config }) as const;
  let sshd: SshdOnSocket;
  beforeAll(async () => {
    mkdirSync(join(dir, 'home/.ssh'), { recursive: true });
    sshd = await startSshd(dir);
    const lines = ['User ann', `IdentityFile ${dir}/my key`, 'IdentityFile ~/.ssh/%r', 'IdentitiesOnly yes'];
    writeFileSync(config, `Host web\n${lines.join('\n').replace(`${dir}/my key`, `"${dir}/my key"`)}\n`);
  });
  afterAll(() => sshd?.close());

  const linesFor = async (host: string, user?: string) => {
    const own = await ownSettings(into(host), io(), signal);
    const target = `unix${sshd.path}`;
    return afterwards({ host, target, port: 22, user: user ?? own.user, keys: own.keys }, io());
  };

  it("have HOST's own user and keys", async () => {
    const lines = await linesFor('web');
    expect(lines).toContain('\n    User ann\n');
    expect(lines).toContain(
      `\n    IdentityFile "${dir}/my key"\n    IdentityFile ~/.ssh/%r\n    IdentitiesOnly yes\n`,
    );
    const other = await linesFor('other');
    expect(other).not.toMatch(/ (User|IdentityFile|IdentitiesOnly) /);
  });

  it('have vmssh asked for the host key of a machine, as the lines of config install do', async () => {
    const own = await ownSettings(into('web'), io(), signal);
    const absolute = fakeIo({ env, self: [process.execPath, '/x/vmssh.js'] });
    const of = (target: string) =>
      afterwards({ host: 'web', target, port: 22, user: undefined, keys: own.keys }, absolute);
    const lines = await of('machine/no-such-machine');
    expect(lines).toMatch(/\n {4}KnownHostsCommand \S.* host-key --file=\S+ --typed=%n -- %I %H %t %K\n/);
    expect(lines).not.toContain('StrictHostKeyChecking');
    // The key of an address is kept under the name of its Host.
    const address = await of(`unix${sshd.path}`);
    expect(address).toContain('\n    HostKeyAlias web-vsock\n');
    expect(address).not.toContain('KnownHostsCommand');
  });

  it('have the host key and the login key that were made for the machine, and a strict login passes', async () => {
    const { folder, identityFile } = await makeGuestKeys('web', undefined, env);
    rmSync(join(dir, 'host'));
    copyFileSync(join(folder, 'ssh_host_ed25519_key'), join(dir, 'host'));
    copyFileSync(join(folder, 'authorized_keys'), join(dir, 'authorized'));
    for (const host of ['web', 'root@web', 'machine/web']) {
      const lines = await linesFor(host, sshd.user);
      expect(lines).toMatch(/HostKeyAlias vmssh-guest%web\n {4}StrictHostKeyChecking yes\n/);
      expect(lines).toContain(`IdentityFile ${identityFile}\n`);
      expect(lines).not.toContain('my key');
    }
    const [, name = ''] = /^Host (.*)$/m.exec(await linesFor('web', sshd.user)) ?? [];
    const written = join(dir, 'written');
    writeFileSync(written, (await linesFor('web', sshd.user)).split('\n\n')[1] ?? '');
    const login = await run(['ssh', '-F', written, '-o', 'BatchMode=yes', name, 'exit 7'], { env });
    expect(login).toMatchObject({ code: 7, stderr: '' });
    expect(existsSync(join(dir, 'home/.ssh/vmssh_known_hosts'))).toBe(false);
  });
});
