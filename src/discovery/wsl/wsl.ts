import { type Guid, parseGuid } from '../../address/guid.js';
import { systemProgram } from '../../process/system-program.js';
import { DiscoveryError } from '../discovery-error.js';
import type { Deps } from '../provider.js';
import { type RunToolForBytes, runToolForBytes } from '../tools/run-tool.js';

/** A distribution of WSL2. All of them share one virtual machine, and so one space of vsock ports. */
export interface WslDistro {
  readonly name: string;
  readonly running: boolean;
}

/** What a distribution told of itself, for which it was started. */
export interface WslState {
  /** The id of the virtual machine: another one after every `wsl --shutdown`. Undefined: this WSL does not tell. */
  readonly vmId: Guid | undefined;
  /** Whether its first process is systemd, which listens for SSH on vsock. */
  readonly systemd: boolean;
}

/** The distributions of WSL2; none where WSL is not installed. Throws a DiscoveryError. */
export async function listDistros(
  deps: Deps,
  run: RunToolForBytes = runToolForBytes,
): Promise<readonly WslDistro[]> {
  try {
    const all = parseVerbose(await ask(['--list', '--verbose'], deps, run));
    const running = new Set(lines(await ask(['--list', '--running', '--quiet'], deps, run).catch(nothing)));
    return all.map((name) => ({ name, running: running.has(name) }));
  } catch (error) {
    // Without a distribution wsl.exe ends with a failure and translated words; Windows has a stub of it that does so, too.
    if (error instanceof DiscoveryError && (error.code === 'ENOENT' || error.code === 'FAILED')) return [];
    throw error;
  }
}

/** Starts a distribution where it does not run, and asks it. Throws a DiscoveryError. */
export async function askDistro(
  name: string,
  deps: Deps,
  run: RunToolForBytes = runToolForBytes,
): Promise<WslState> {
  const script = 'wslinfo --vm-id -n 2>/dev/null; echo; cat /proc/1/comm';
  const answer = lines(
    await ask(['--distribution', name, '--user', 'root', '--exec', '/bin/sh', '-c', script], deps, run),
  );
  const vmId = answer.map((line) => parseGuid(line)).find((id) => id !== undefined);
  return { vmId: vmId ?? (await findVmId(deps, run)), systemd: answer.at(-1) === 'systemd' };
}

/** Names of the distributions that run in WSL2, from `wsl --list --verbose`: its head and its states are translated. */
export function parseVerbose(text: string): readonly string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [, name] = /^[* ]\s?(\S.*?)\s{2,}\S.*\s2\s*$/.exec(line) ?? [];
    return name === undefined ? [] : [name];
  });
}

/** What wsl.exe printed: UTF-16LE, unless it heeds WSL_UTF8=1. Text in UTF-8 holds no NUL. */
export function decodeWsl(bytes: Buffer): string {
  const wide = bytes.includes(0) || (bytes[0] === 0xff && bytes[1] === 0xfe);
  return bytes.toString(wide ? 'utf16le' : 'utf8').replace(/^\ufeff/, '');
}

/** The VM id in the command lines of WSL's own processes on Windows: wslhost.exe, wslrelay.exe. */
export function parseVmId(commandLines: string): Guid | undefined {
  const [, id = ''] = /--vm-id\s+(\{?[0-9a-f-]{36}\}?)/i.exec(commandLines) ?? [];
  return parseGuid(id);
}

async function findVmId(deps: Deps, run: RunToolForBytes): Promise<Guid | undefined> {
  const program = systemProgram('WindowsPowerShell/v1.0/powershell.exe', deps.env);
  const query = "Get-CimInstance Win32_Process -Filter \"Name='wslhost.exe' OR Name='wslrelay.exe'\"";
  const script = `(${query}).CommandLine`;
  const printed = await run(program, ['-NoProfile', '-NonInteractive', '-Command', script], deps).catch(
    nothing,
  );
  return parseVmId(printed.toString('latin1'));
}

async function ask(args: readonly string[], deps: Deps, run: RunToolForBytes): Promise<string> {
  const env = { ...deps.env, WSL_UTF8: '1' };
  return decodeWsl(await run(systemProgram('wsl.exe', env), args, { ...deps, env }));
}

function lines(text: string | Buffer): readonly string[] {
  return text
    .toString()
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function nothing(): Buffer {
  return Buffer.alloc(0);
}
