import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type Outcome, run } from '../../helpers/run.js';
import { describeWindows } from '../bed/describe.js';
import { programs, repo, workFile } from '../bed/paths.js';
import { echoWithTail, startPeer } from '../bed/peer.js';
import { onWindows, runOnWindows, withHvsock } from '../bed/run.js';
import { startTcpSshd } from '../bed/sshd.js';
import { workFolder } from '../bed/work-folder.js';

const vmssh = programs['vmssh.exe'] ?? [];

/** The environment of a Windows with one machine, whose vsock leads to `port`. */
function windows(port: string, more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const row = '86E0C1E9-782C-47E0-B7C2-99F8167F5178\tMint\t2\n';
  writeFileSync(join(workFolder(), 'machines.tsv'), row);
  return { ...withHvsock({ PORT: port, ...more }), FAKE_WMI: workFile('machines.tsv') };
}

/** Runs it as ssh does, which closes its stdin once its stdout has ended. */
function asSsh(command: readonly string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
  return runOnWindows(command, { env: { ...env, BRIDGE_LIKE_SSH: '1' }, keepOpen: true });
}

/** That the command sends what it gets to the machine, and prints its answer. */
async function expectEcho(command: readonly string[]): Promise<void> {
  const env = windows(await startPeer(echoWithTail(Buffer.from('tail'))));
  const { code, stdout, stderr } = await runOnWindows(command, { env, input: 'hello ' });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'hello tail', stderr: '' });
}

/** The environment of the same Windows, whose PowerShell prints this. */
function withPowershell(out: string, of: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  writeFileSync(join(workFolder(), 'powershell.out'), out);
  return { ...of, FAKE_POWERSHELL_OUT: workFile('powershell.out') };
}

describeWindows('in place of hvc', () => {
  it.each(['Mint', 'mint', 'hyper-v/Mint', '86e0c1e9-782c-47e0-b7c2-99f8167f5178'])(
    'pipes as hvc nc -t vsock %s 22',
    async (machine) => {
      await expectEcho([...vmssh, 'nc', '-t', 'vsock', machine, '22']);
    },
  );

  it('does so in a copy that is called vsock-nc.exe', async () => {
    const folder = join(workFolder(), 'copy');
    mkdirSync(folder, { recursive: true });
    cpSync(join(repo, 'dist/win32-x64/vmssh.exe'), join(folder, 'vsock-nc.exe'));
    await expectEcho([workFile('copy/vsock-nc.exe'), '-t', 'vsock', 'Mint', '22']);
  });

  it.each([
    { name: "by the seed's own line", line: 'nc -t vsock --ssh --host-prefix hyper-v/ "hyper-v/mint" 22' },
    { name: 'by the line of docs/windows.md', line: 'proxy hyper-v/mint %p' },
  ])('logs in by an entry of hvc in ssh_config, with our program in it: $name', async ({ line }) => {
    const dir = mkdtempSync(join(workFolder(), 'seed-'));
    const sshd = await startTcpSshd(dir);
    onTestFinished(() => sshd.close());
    const program = onWindows(vmssh)
      .map((word) => `'${word}'`)
      .join(' ');
    const entry = `Host mint.mshome.net
HostName mint.mshome.net
Port 22
User ${sshd.user}
Proxycommand ${program} ${line}
`;
    writeFileSync(join(dir, 'config'), entry);
    const login = [...sshd.client, '-F', join(dir, 'config'), 'mint.mshome.net', 'cat; exit 9'];
    const { code, stdout, stderr } = await run(login, { env: windows(String(sshd.port)), input: 'hello' });
    expect({ code, stdout, stderr }).toEqual({ code: 9, stdout: 'hello', stderr: '' });
  });

  it('takes the line of an ssh_config that was written for hvc', async () => {
    const port = await startPeer((socket) => socket.end('SSH-2.0-fake\r\n'));
    const flags = ['-t', 'vsock,ip', '--ssh', '--host-prefix', 'hyper-v/'];
    const command = [...vmssh, 'nc', ...flags, 'hyper-v/mint', '22'];
    const { code, stdout, stderr } = await asSsh(command, windows(port));
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'SSH-2.0-fake\r\n', stderr: '' });
  });

  // A guest's own address is never this host's, which PowerShell would print too; nor the loopback.
  const [address = ''] = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .flatMap((each) => (each.family === 'IPv4' && !each.internal ? [each.address] : []));

  it.skipIf(address === '')('falls back to the address of the machine, and says so', async () => {
    const port = await startPeer((socket) => socket.end('SSH-2.0-fake\r\n'), address);
    const prints = `\ufeffown=127.0.0.1\r\nfe80::1\r\n127.0.0.1\r\n${address}\r\n`;
    const env = withPowershell(prints, windows('1', { CONNECT: '10060' }));
    const command = [...vmssh, 'nc', '-t', 'vsock,ip', '--ssh', 'hyper-v/mint', port];
    const { code, stdout, stderr } = await asSsh(command, env);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'SSH-2.0-fake\r\n' });
    expect(stderr).toMatch(/\(WSAETIMEDOUT\); by TCP to \S+:\d+ instead\n$/);
    expect(stderr).toContain(` ${address}:`);
  });

  it.skipIf(address === '')('says once why each failed if the address does not answer either', async () => {
    const env = withPowershell(`${address}\r\n`, windows('1', { CONNECT: '10060' }));
    const command = [...vmssh, 'nc', '-t', 'vsock,ip', '--ssh', 'hyper-v/mint', '1'];
    const { code, stdout, stderr } = await asSsh(command, env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^vmssh: cannot connect to "hyper-v\/mint": (?!.*WSAETIMEDOUT.*WSAETIMEDOUT).*\(WSAETIMEDOUT\); .*\((WSA)?ECONNREFUSED\)\nhint: .*\n$/,
    );
  });

  it.each([
    { of: 'id', prints: '86e0c1e9-782c-47e0-b7c2-99f8167f5178' },
    { of: 'status', prints: 'running' },
    { of: 'address', prints: '172.20.1.5' },
  ])('prints, as hvc does, one value of a machine: $of', async ({ of, prints }) => {
    const env = withPowershell('\ufefffe80::1\r\n2001:db8::5\r\n172.20.1.5\r\n', windows('1'));
    const list = (name: string) => runOnWindows([...vmssh, 'list', name, '-o', of], { env });
    expect(await list('mint')).toMatchObject({ code: 0, stdout: `${prints}\n`, stderr: '' });
    const { code, stdout, stderr } = await list('Mnit');
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^vmssh: cannot find "Mnit": .*\nhint: did you mean "Mint"\?\n$/);
  });

  it('reports the state of a machine that is off', async () => {
    writeFileSync(join(workFolder(), 'off.tsv'), '86E0C1E9-782C-47E0-B7C2-99F8167F5178\tMint\t3\n');
    const env = { ...windows('1', { CONNECT: '10049' }), FAKE_WMI: workFile('off.tsv') };
    const target = '86e0c1e9-782c-47e0-b7c2-99f8167f5178';
    const { code, stderr } = await runOnWindows([...vmssh, 'proxy', target, '22'], { env, keepOpen: true });
    expect({ code, first: stderr.split('\n')[0] }).toEqual({
      code: 1,
      first: `vmssh: cannot connect to "${target}": "Mint" is off`,
    });
  });

  it.each([
    { name: 'as hvc ssh does', set: { HV_SSH_COMMAND: 'C:\\Program Files\\own ssh\\ssh.exe' } },
    { name: 'from PATH', set: { WINEPATH: 'C:\\windows\\system32\\OpenSSH' } },
  ])('starts ssh $name, with all other options as they are', async ({ set }) => {
    const log = join(workFolder(), 'ssh.args');
    rmSync(log, { force: true });
    const own = join(workFolder(), 'prefix/drive_c/Program Files/own ssh');
    mkdirSync(own, { recursive: true });
    cpSync(join(workFolder(), 'say.exe'), join(own, 'ssh.exe'));
    const env = { ...windows('1'), ...set, FAKE_SSH_ARGS: workFile('ssh.args'), FAKE_SSH_CODE: '7' };
    const args = ['ssh', '-p', '2222', '-L', '1:a b:2', 'root@hyper-v/Mint', 'echo "x y"'];
    expect(await runOnWindows([...vmssh, ...args], { env })).toMatchObject({ code: 7, stderr: '' });
    const given = readFileSync(log, 'utf8').trimEnd().split('\n');
    expect(given.slice(0, 6)).toEqual(['-p', '2222', '-L', '1:a b:2', '-l', 'root']);
    expect(given.slice(-3)).toEqual(['--', 'hyper-v/Mint', 'echo "x y"']);
    expect(given).toContain('ProxyUseFdpass=no');
    expect(given.find((word) => word.startsWith('ProxyCommand='))).toMatch(
      /^ProxyCommand="Z:\/mnt\/repo\/dist\/win32-x64\/vmssh\.exe" proxy "?hyper-v\/Mint"? %p$/,
    );
  });

  it('prints the lines that Win32-OpenSSH takes', async () => {
    const { code, stdout } = await runOnWindows([...vmssh, 'config', 'print', '--only-patterns']);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'ProxyCommand "Z:/mnt/repo/dist/win32-x64/vmssh.exe" proxy --typed "%n" "%h" %p\n    ProxyUseFdpass no\n',
    );
  });
});
