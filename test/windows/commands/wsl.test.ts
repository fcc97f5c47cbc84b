import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ended } from '../../helpers/expected.js';
import { describeWindows } from '../bed/describe.js';
import { programs, workFile } from '../bed/paths.js';
import { startPeer } from '../bed/peer.js';
import { runOnWindows, withHvsock } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

const vmssh = programs['vmssh.exe'] ?? [];
const vmId = '0d7a3f3e-90f5-4a2c-8b1c-2f3f5d9c1e77';

/** The environment in which wsl.exe prints these, by a word of its arguments. */
function wsl(answers: Readonly<Record<string, string | Buffer>>, code = '0'): NodeJS.ProcessEnv {
  const folder = join(workFolder(), 'wsl');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, answer] of Object.entries(answers)) writeFileSync(join(folder, name), answer);
  return { FAKE_WSL_OUT: workFile('wsl'), FAKE_WSL_CODE: code };
}

// What wsl.exe prints here is made up, see test/fixtures/README.md.
const verbose =
  '  NAME      STATE           VERSION\r\n* Debian    Running         2\r\n  日本      Stopped         2\r\n';
const utf16 = (text: string) => Buffer.from(text, 'utf16le');

describeWindows('WSL2', () => {
  const list = (env: NodeJS.ProcessEnv) =>
    runOnWindows([...vmssh, 'list', '--provider=wsl'], { env: { ...process.env, ...env } });

  it.each([
    { name: 'UTF-16LE', encode: utf16 },
    { name: 'UTF-8', encode: (text: string) => Buffer.from(text) },
  ])('is listed from $name', async ({ encode }) => {
    const env = wsl({ verbose: encode(verbose), running: encode('Debian\r\n') });
    expect(await list(env)).toMatchObject(
      ended(0, 'running\tDebian\twsl/Debian\twsl\noff\t日本\twsl/日本\twsl\n', ''),
    );
  });

  const install = 'wsl.exe --install';
  it.each([
    { name: 'there is no distribution', says: utf16(`There are none. ${install}\r\n`), code: '-1' },
    { name: 'WSL is not installed', says: utf16(`It is not installed: ${install}\r\n`), code: '1' },
    { name: 'WSL is not installed, in UTF-8', says: Buffer.from(`Nicht da: ${install}\r\n`), code: '50' },
  ])('is an empty list if $name', async ({ says, code }) => {
    const env = wsl({ verbose: says }, code);
    expect(await list(env)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const { code: exit, stderr } = await runOnWindows([...vmssh, 'nc', '--banner', 'wsl/Debian'], { env });
    expect(exit).toBe(4);
    expect(stderr).toContain('hint: see wsl --list --online, and wsl --install');
  });

  it('is reached by the id that it reports', async () => {
    const port = await startPeer((socket) => socket.end('SSH-2.0-fake\r\n'));
    const answers = { verbose: utf16(verbose), running: utf16('Debian\r\n'), exec: `${vmId}\nsystemd\n` };
    const env = { ...withHvsock({ PORT: port }), ...wsl(answers) };
    const command = [...vmssh, 'nc', '-v', '--banner', 'wsl/debian'];
    const { code, stdout, stderr } = await runOnWindows(command, { env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'SSH-2.0-fake\n' });
    expect(stderr).toContain(`hvsock:${vmId}:00000016-facb-11e6-bd58-64006a7986d3`);
  });

  it('is reached by the id in the command lines of an older WSL, which does not report it', async () => {
    const port = await startPeer((socket) => socket.end('SSH-2.0-fake\r\n'));
    const answers = { verbose: utf16(verbose), running: utf16('Debian\r\n'), exec: '\nsystemd\n' };
    const line = `"C:\\Program Files\\WSL\\wslhost.exe" --distro-id {1} --vm-id {${vmId}} --handle 1\r\n`;
    writeFileSync(join(workFolder(), 'wslhost'), line);
    const powershell = { FAKE_POWERSHELL_OUT: workFile('wslhost') };
    const env = { ...withHvsock({ PORT: port }), ...wsl(answers), ...powershell };
    const { code, stderr } = await runOnWindows([...vmssh, 'nc', '-v', '--banner', 'wsl/Debian'], { env });
    expect(code).toBe(0);
    expect(stderr).toContain(`hvsock:${vmId}:00000016-facb-11e6-bd58-64006a7986d3`);
  });

  it('is refused while another distribution runs, unless its own systemd has the port', async () => {
    const port = await startPeer((socket) => socket.end('SSH-2.0-fake\r\n'));
    const two = verbose.replace('Stopped', 'Running');
    const command = [...vmssh, 'nc', '--banner', 'wsl/Debian'];
    const call = (units: string) => {
      const exec = `${vmId}\n${units}\nsystemd\n`;
      const answers = { verbose: utf16(two), running: utf16('Debian\r\n日本\r\n'), exec };
      return runOnWindows(command, { env: { ...withHvsock({ PORT: port }), ...wsl(answers) } });
    };
    const refused = await call('');
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('"日本" may answer instead');
    expect(refused.stderr).toContain('guest install --port 2222 wsl/Debian');
    const reached = await call('Listen=vsock::22 (Stream)\nActiveState=active\n');
    expect(reached).toMatchObject({ code: 0, stdout: 'SSH-2.0-fake\n' });
  });

  it('says that systemd is missing if nobody answers', async () => {
    const answers = { verbose: utf16(verbose), running: utf16('Debian\r\n'), exec: `${vmId}\ninit\n` };
    const env = { ...withHvsock({ PORT: '1', CONNECT: '10061' }), ...wsl(answers) };
    const { code, stderr } = await runOnWindows([...vmssh, 'nc', '--banner', 'wsl/Debian'], { env });
    expect(code).toBe(1);
    expect(stderr).toContain('"Debian" runs without systemd');
    expect(stderr).toContain('/etc/wsl.conf');
  });

  it('has a name that means neither of two if Hyper-V has a machine with it too', async () => {
    writeFileSync(join(workFolder(), 'machines.tsv'), '86E0C1E9-782C-47E0-B7C2-99F8167F5178\tDebian\t2\n');
    const answers = { verbose: utf16(verbose), running: utf16('Debian\r\n'), exec: `${vmId}\nsystemd\n` };
    const env = { ...withHvsock({ PORT: '1' }), ...wsl(answers), FAKE_WMI: workFile('machines.tsv') };
    const { code, stderr } = await runOnWindows([...vmssh, 'nc', '--banner', 'Debian'], { env });
    expect(code).toBe(4);
    expect(stderr).toContain('hyper-v/Debian');
    expect(stderr).toContain('wsl/Debian');
  });
});
