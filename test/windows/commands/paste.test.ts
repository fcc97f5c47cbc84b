import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { shellLine } from '../../../src/typed/shell.js';
import { describeWindows } from '../bed/describe.js';
import { programs, workFile } from '../bed/paths.js';
import { runOnWindows } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

const vmssh = programs['vmssh.exe'] ?? [];

// Of Wine, which reads lines as Windows' own does as far as is tried here. PowerShell is not in Debian.
describeWindows('a line pasted into cmd.exe', () => {
  const file = (name: string) => join(workFolder(), name);
  const givenTo = async (command: readonly string[], input: string, env: NodeJS.ProcessEnv) => {
    rmSync(file('ssh.args'), { force: true });
    await runOnWindows(command, { env: { ...env, FAKE_SSH_ARGS: workFile('ssh.args') }, input });
    return readFileSync(file('ssh.args'), 'utf8');
  };
  const prepare = () => {
    mkdirSync(file('a folder'), { recursive: true });
    cpSync(file('say.exe'), file('a folder/ssh.exe'));
    writeFileSync(file('machines.tsv'), '86E0C1E9-782C-47E0-B7C2-99F8167F5178\tWindows 11 & dev\t2\n');
    return {
      ...process.env,
      FAKE_WMI: workFile('machines.tsv'),
      HV_SSH_COMMAND: workFile('a folder\\ssh.exe'),
    };
  };

  it('by --print-command gives ssh the same words as without it', async () => {
    const env = prepare();
    const args = ['ssh', 'root@windows-11-dev'];
    const { stdout } = await runOnWindows([...vmssh, 'ssh', '--print-command', ...args.slice(1)], { env });
    expect(stdout).toContain('^"ProxyCommand=');
    const pasted = await givenTo(['cmd'], `${stdout.trimEnd()}\r\n`, env);
    expect(pasted).toBe(await givenTo([...vmssh, ...args], '', env));
  });

  it.each(['a b', 'a&b', '%PATH%', 'say "hi"', 'a\\', 'a b\\', '100%', 'it^s', 'C:\\a b\\', '"&"|'])(
    'has the word %s as it is',
    async (word) => {
      const env = prepare();
      const line = shellLine([workFile('a folder\\ssh.exe'), word], 'cmd');
      expect(await givenTo(['cmd'], `${line}\r\n`, env)).toBe(`${word}\n\n`);
    },
  );
});
