import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { shellLine } from '../../../src/typed/shell.js';
import { describeWindows } from '../bed/describe.js';
import { programs, workFile } from '../bed/paths.js';
import { runOnWindows } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

const openssh = 'C:\\windows\\system32\\OpenSSH';
const own = 'C:\\Program Files\\own ssh\\ssh.exe';
const proxy = /^ProxyCommand=("?[CZ]:\/[^"]+"? )+proxy "?hyper-v\/Mint"? %p$/;

/** What a tool was given, ours put apart: which options of ours, and all else in its order. */
interface Given {
  readonly proxyCommand: string | undefined;
  readonly rest: readonly string[];
}

describeWindows.each(Object.entries(programs))('%s runs the tools of Win32-OpenSSH', (_name, program) => {
  const args = (tool: string) => join(workFolder(), `${tool}.args`);
  beforeEach(() => {
    for (const tool of ['scp', 'sftp', 'rsync']) rmSync(args(tool), { force: true });
  });

  async function run(tool: string, given: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Given> {
    const rows =
      '86E0C1E9-782C-47E0-B7C2-99F8167F5178\tMint\t2\n96E0C1E9-782C-47E0-B7C2-99F8167F5178\tWin 11\t2\n';
    writeFileSync(join(workFolder(), 'tools.tsv'), rows);
    const name = tool.toUpperCase();
    const fake = { [`FAKE_${name}_ARGS`]: workFile(`${tool}.args`), [`FAKE_${name}_CODE`]: '7' };
    const env = { ...process.env, WINEPATH: openssh, FAKE_WMI: workFile('tools.tsv'), ...fake, ...more };
    expect(await runOnWindows([...program, tool, ...given], { env })).toMatchObject({ code: 7, stderr: '' });
    return apart(readFileSync(args(tool), 'utf8').trimEnd().split('\n'));
  }

  it('scp, with spaces and quotes in paths on both sides', async () => {
    const given = ['-P', '2222', "C:\\My Files\\it's.txt", 'say "hi".txt', 'root@hyper-v/Mint:/tmp/x "y" z/'];
    const { proxyCommand, rest } = await run('scp', given);
    expect(proxyCommand).toMatch(proxy);
    const paths = [...given.slice(2, 4), 'root@hyper-v%Mint:/tmp/x "y" z/'];
    expect(rest).toEqual([...given.slice(0, 2), '--', ...paths]);
  });

  it('scp to a file on a drive that is not there yet, with a backslash at the end', async () => {
    const { rest } = await run('scp', ['-r', 'hyper-v/Mint:/etc/ssh', 'D:\\new folder\\']);
    expect(rest).toEqual(['-r', '--', 'hyper-v%Mint:/etc/ssh', 'D:\\new folder\\']);
  });

  it('scp with another ssh, for a machine by a name that ssh refuses', async () => {
    const folder = join(workFolder(), 'prefix/drive_c/Program Files/own ssh');
    mkdirSync(folder, { recursive: true });
    cpSync(join(workFolder(), 'say.exe'), join(folder, 'ssh.exe'));
    const set = { HV_SSH_COMMAND: own };
    const { proxyCommand, rest } = await run('scp', ['--wait=5', 'a.txt', 'me@Win 11:'], set);
    expect(proxyCommand).toMatch(/ proxy --wait=5 "?hyper-v\/Win-11"? %p$/);
    expect(rest).toEqual(['-S', own, '--', 'a.txt', 'me@hyper-v%Win-11:']);
  });

  it('sftp, with its own options', async () => {
    const batch = ['-b', 'C:\\My Files\\batch'];
    const { proxyCommand, rest } = await run('sftp', [...batch, 'root@hyper-v/Mint:/srv/a b']);
    expect(proxyCommand).toMatch(proxy);
    expect(rest).toEqual([...batch, '--', 'root@hyper-v%Mint:/srv/a b']);
  });

  it.each([openssh, `.;${openssh}`, `;work\\..;\\mnt\\work;${openssh}`])(
    'only those of absolute folders in PATH, whatever is in the current folder: %s',
    async (path) => {
      const foreign = join(workFolder(), 'scp.exe');
      cpSync(join(workFolder(), 'bridge.exe'), foreign);
      onTestFinished(() => rmSync(foreign));
      const { rest } = await run('scp', ['a.txt', 'hyper-v/Mint:'], { WINEPATH: path });
      expect(rest).toEqual(['--', 'a.txt', 'hyper-v%Mint:']);
    },
  );

  it.each(['.', '%CD%;.\\;"."'])(
    "Windows' own, if PATH has no absolute folder, whatever is in the current folder: %s",
    async (path) => {
      const foreign = join(workFolder(), 'scp.exe');
      cpSync(join(workFolder(), 'bridge.exe'), foreign);
      onTestFinished(() => rmSync(foreign));
      writeFileSync(join(workFolder(), 'tools.tsv'), '86E0C1E9-782C-47E0-B7C2-99F8167F5178\tMint\t2\n');
      const line = shellLine([...program, 'scp', 'a.txt', 'hyper-v/Mint:'], 'cmd');
      // cmd itself takes %CD% for the folder's path; "^" keeps it as it is.
      const input = `set PATH=${path.replaceAll('%', '^%')}&&${line}\r\n`;
      const fake = { FAKE_WMI: workFile('tools.tsv'), FAKE_SCP_ARGS: workFile('scp.args') };
      await runOnWindows(['cmd'], { env: { ...process.env, ...fake }, input });
      const { rest } = apart(readFileSync(args('scp'), 'utf8').trimEnd().split('\n'));
      expect(rest).toEqual(['--', 'a.txt', 'hyper-v%Mint:']);
    },
  );

  it('rsync, which runs vmssh as its ssh', async () => {
    const { rest } = await run('rsync', ['-a', 'site dir/', 'hyper-v/Mint:/srv/']);
    const [flag, shell, ...others] = rest;
    expect(flag).toBe('-e');
    expect(shell).toMatch(/^('[CZ]:\\[^']+' )+ssh '--typed=hyper-v\/Mint'$/);
    expect(others).toEqual(['-a', '--', 'site dir/', 'hyper-v%Mint:/srv/']);
  });
});

function apart(args: readonly string[]): Given {
  const ours = args.flatMap((word, at) => (args[at - 1] === '-o' ? [word] : []));
  const rest = args.filter((word, at) => word !== '-o' && args[at - 1] !== '-o');
  return { proxyCommand: ours.find((word) => word.startsWith('ProxyCommand=')), rest };
}
