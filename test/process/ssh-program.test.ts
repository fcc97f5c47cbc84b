import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sshProgram } from '../../src/process/ssh-program.js';
import { run, vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

describe('the ssh that the environment names', () => {
  it.each([
    { own: undefined, want: ['ssh'] },
    { own: ' ', want: ['ssh'] },
    { own: '/opt/own ssh', want: ['/opt/own ssh'] },
    { own: '/opt/other ssh', want: ['/opt/other', 'ssh'] },
    { own: 'ssh  -i /home/me/key', want: ['ssh', '-i', '/home/me/key'] },
    { own: './own ssh', want: ['./own', 'ssh'] },
    { own: 'C:\\own ssh.exe', platform: 'win32', want: ['C:\\own ssh.exe'] },
    {
      own: '"C:\\own ssh\\ssh.exe"',
      platform: 'win32',
      want: ['C:\\own ssh\\ssh.exe'],
    },
    { own: '"/opt/own ssh" -4 -v', want: ['/opt/own ssh', '-4', '-v'] },
    { own: 'own\\ssh -4', platform: 'win32', want: ['own\\ssh', '-4'] },
  ] as const)(
    '$own',
    ({
      own,
      platform = 'linux',
      want,
    }: {
      own?: string | undefined;
      platform?: NodeJS.Platform;
      want: readonly string[];
    }) => {
      const exists = (path: string) => path !== '/opt/other ssh';
      expect(sshProgram({ env: { VMSSH_SSH: own, HV_SSH_COMMAND: undefined }, platform }, exists)).toEqual(
        want,
      );
      expect(sshProgram({ env: { HV_SSH_COMMAND: own }, platform }, exists)).toEqual(want);
    },
  );

  const dir = useTempDir();
  it.each(['VMSSH_SSH', 'HV_SSH_COMMAND'])('%s is not a file of the current folder', async (name) => {
    mkdirSync(join(dir, 'ssh -i ', 'me'), { recursive: true });
    writeFileSync(join(dir, 'ssh -i ', 'me/key'), '', { mode: 0o755 });
    const env = { ...process.env, VMSSH_SSH: '', HV_SSH_COMMAND: '', [name]: 'ssh -i /me/key' };
    const { stdout } = await run([...vmssh, 'ssh', '--print-command', 'unix/x'], { cwd: dir, env });
    expect(stdout).toMatch(/^ssh -i \/me\/key -o /);
  });
});
