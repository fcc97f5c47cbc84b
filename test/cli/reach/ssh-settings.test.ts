import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sshLogin } from '../../../src/keys/login-key.js';
import { lacks } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';

describe.skipIf(lacks('ssh'))('who logs in by default', () => {
  const sshConfig = join(useTempDir(), 'config');
  writeFileSync(sshConfig, 'Host mint\n    User ann\nHost *\n    Port 2\n');
  const io = { env: process.env, platform: 'linux' } as const;

  it.each([
    { name: 'as the configuration has it', host: 'mint', want: 'ann' },
    { name: 'as the caller', host: 'vsock/3', want: userInfo().username },
    { name: 'the same for what ssh takes for no host', host: '-oUser=x y', want: userInfo().username },
  ])('$name', async ({ host, want }) =>
    expect(await sshLogin({ host, sshConfig }, io)).toEqual({
      user: want,
      port: host.startsWith('-') ? undefined : '2',
    }),
  );

  it('is asked of the ssh that VMSSH_SSH names', async () => {
    const env = { VMSSH_SSH: '/opt/our-ssh' };
    const run = async (program: string) => `user ${program}\n`;
    expect(await sshLogin({ host: 'mint' }, { ...io, env }, run)).toEqual({
      user: '/opt/our-ssh',
      port: undefined,
    });
  });

  it('is the caller if there is no ssh, and root on Windows', async () => {
    const none = () => Promise.reject(new Error('none'));
    expect(await sshLogin({ host: 'mint' }, io, none)).toMatchObject({ user: userInfo().username });
    expect(await sshLogin({ host: 'mint' }, { ...io, platform: 'win32' }, none)).toMatchObject({
      user: 'root',
    });
  });
});
