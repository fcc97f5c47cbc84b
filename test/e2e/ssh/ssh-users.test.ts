import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lacks } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

describe.skipIf(lacks('ssh', 'scp', 'rsync'))('a user name that ssh refuses', () => {
  const dir = useTempDir();
  const pwned = join(dir, 'pwned');
  const option = '-oProxyCommand=touch pwned;';

  it.each([
    ['ssh', [`ssh://${option}@.host`, 'true']],
    ['ssh', [`ssh://${option}@unix/nonexist`, 'true']],
    ['ssh', ['--', `${option}@unix%nonexist`, 'true']],
    ['scp', [`scp://${option}@unix%nonexist/a`, '.']],
    ['scp', ['--', `${option}@unix%nonexist:a`, '.']],
    ['sftp', [`sftp://${option}@unix%nonexist`]],
    ['rsync', ['scp://--rsync-path=x@unix%nonexist/a', '.']],
    ['rsync', ['--', '--rsync-path=x@unix%nonexist:a', '.']],
    ['check', [`ssh://${option}@unix%nonexist`]],
    ['guest', ['install', 'ann;touch<x@unix%nonexist']],
  ])('is not an option of vmssh $0 $1', async (tool, args) => {
    const { code, stdout, stderr } = await run([...vmssh, tool, ...args], { cwd: dir });
    expect(existsSync(pwned)).toBe(false);
    expect({ code, text: stdout + stderr }).toMatchObject({
      code: ['check', 'guest'].includes(tool) ? 2 : 255,
      text: expect.stringMatching(/user name "|name of an account/),
    });
  });

  it.each(['ssh', 'scp', 'sftp', 'rsync'])('is nothing that vmssh %s prints', async (tool) => {
    const to = tool === 'ssh' ? 'ssh://-oX@unix%h' : `scp://-oX@unix%h/a`;
    const { code, stdout } = await run([...vmssh, tool, '--print-command', to, '.'], { cwd: dir });
    expect({ code, stdout }).toEqual({ code: 255, stdout: '' });
  });
});
