import { describe, expect, it } from 'vitest';
import { windowsText } from '../../../src/process/run-program.js';
import { DiscoveryError } from '../../../src/sources/source.js';
import { askDistro, listDistros, parseVerbose, parseVmId } from '../../../src/sources/wsl/wsl.js';

const vmId = '0d7a3f3e-90f5-4a2c-8b1c-2f3f5d9c1e77';
// What wsl.exe prints here is made up, see test/fixtures/README.md.
const verbose = [
  '  NAME              STATE           VERSION',
  '* Ubuntu-24.04      Running         2',
  '  Debian            Stopped         2',
  '  Mein Debian       Wird ausgeführt 2',
  '  Old               Stopped         1',
  '',
].join('\r\n');
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
const deps = { env: { SystemRoot: 'C:\\Windows' } };

/** A wsl.exe and a powershell.exe that print this; by what is in their arguments. */
function tools(answers: Readonly<Record<string, Buffer | Error>>) {
  const calls: string[][] = [];
  const run = async (program: string, args: readonly string[]) => {
    calls.push([program, ...args]);
    const key = Object.keys(answers).find((each) => args.some((arg) => arg.includes(each)));
    const answer = answers[key ?? ''] ?? new DiscoveryError('FAILED', 'wsl.exe: usage');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { run, calls };
}

describe('a long line of wsl.exe', () => {
  it('is read in one go, however many columns it seems to have', () => {
    const hostile = `* ${'a  '.repeat(200_000)}`;
    expect(parseVerbose(`${hostile}\r\n${hostile}2`)).toEqual(['a']);
  });
});

it('a name ends before any white space', () => {
  expect(parseVerbose('* a\t  Running  2\r\n  b\f  Stopped  2')).toEqual(['a', 'b']);
});

describe('listDistros', () => {
  it.each([
    { name: 'UTF-16LE', encode: utf16 },
    { name: 'UTF-8', encode: (text: string) => Buffer.from(text) },
  ])('reads $name, whatever the language', async ({ encode }) => {
    const { run } = tools({ verbose: encode(verbose), running: encode('Ubuntu-24.04\r\nMein Debian\r\n') });
    expect(await listDistros(deps, run)).toEqual([
      { name: 'Ubuntu-24.04', running: true },
      { name: 'Debian', running: false },
      { name: 'Mein Debian', running: true },
    ]);
  });

  it('knows that none runs, which wsl.exe calls a failure', async () => {
    const { run } = tools({ verbose: utf16(verbose) });
    expect((await listDistros(deps, run)).filter(({ running }) => running)).toEqual([]);
  });

  it.each(['ENOENT', 'FAILED'])('lists none if wsl.exe ends with %s', async (code) => {
    const { run } = tools({ verbose: new DiscoveryError(code, 'no distributions') });
    expect(await listDistros(deps, run)).toEqual([]);
  });

  it.each([
    'Wsl/Service/E_UNEXPECTED',
    'Wsl/E_FAIL',
    'Wsl/Service/0x80070422',
    'Wsl/Service/CreateInstance/CreateVm/HCS/HCS_E_HYPERV_NOT_INSTALLED',
  ])('does not take a failure of WSL itself for none: %s', async (code) => {
    const failed = new DiscoveryError('FAILED', `wsl.exe: Catastrophic failure: Error code: ${code}`);
    await expect(listDistros(deps, tools({ verbose: failed }).run)).rejects.toBe(failed);
    const { run } = tools({ verbose: utf16(verbose), running: failed });
    await expect(listDistros(deps, run)).rejects.toBe(failed);
  });

  it('knows that there is none, whatever code wsl.exe has for it', async () => {
    const none = new DiscoveryError('FAILED', 'wsl.exe: Error code: Wsl/WSL_E_DEFAULT_DISTRO_NOT_FOUND');
    expect(await listDistros(deps, tools({ verbose: none }).run)).toEqual([]);
  });

  it('does not take silence for none, or for none that runs', async () => {
    const late = new DiscoveryError('TIMEOUT', 'it hangs');
    for (const answers of [
      { verbose: late, running: utf16('') },
      { verbose: utf16(verbose), running: late },
    ])
      await expect(listDistros(deps, tools(answers).run)).rejects.toMatchObject({ code: 'TIMEOUT' });
  });
});

describe('askDistro', () => {
  it('reads the id and whether systemd runs', async () => {
    const units =
      'Listen=vsock::22 (Stream)\nListen=vsock:4294967295:2222 (Stream)\nActiveState=active\n\nListen=vsock::23 (Stream)\nActiveState=failed\n\nListen=/run/x (Stream)\nActiveState=active\n';
    const { run, calls } = tools({
      wslinfo: Buffer.from(`{${vmId.toUpperCase()}}\n${units}\nsystemd\n`),
    });
    expect(await askDistro('Debian', deps, run)).toEqual({ vmId, systemd: true, ports: [22, 2222] });
    expect(calls[0]?.slice(0, 3)).toEqual(['C:\\Windows\\System32\\wsl.exe', '--distribution', 'Debian']);
  });

  it('finds the id in the command lines of an older WSL', async () => {
    const line = `"C:\\Program Files\\WSL\\wslhost.exe" --distro-id {1} --vm-id {${vmId}} --handle 1`;
    const { run } = tools({ wslinfo: Buffer.from('\ninit\n'), Win32_Process: Buffer.from(line) });
    expect(await askDistro('Debian', deps, run)).toEqual({ vmId, systemd: false, ports: [] });
  });

  it('has no id if none is reported', async () => {
    const { run } = tools({ wslinfo: Buffer.from('\nsystemd\n') });
    expect(await askDistro('Debian', deps, run)).toEqual({ vmId: undefined, systemd: true, ports: [] });
  });
});

describe('what wsl.exe prints', () => {
  it('is decoded by what it is', () => {
    expect(windowsText(utf16('日本'))).toBe('日本');
    expect(windowsText(Buffer.from('a', 'utf16le'))).toBe('a');
    expect(windowsText(Buffer.from('\ufeff日本'))).toBe('日本');
    expect(windowsText(Buffer.alloc(0))).toBe('');
  });

  it('may not be a list', () => {
    expect(parseVerbose('Windows Subsystem for Linux has no installed distributions.\r\n')).toEqual([]);
    expect(parseVmId('wslhost.exe --vm-id nonsense')).toBeUndefined();
  });
});
