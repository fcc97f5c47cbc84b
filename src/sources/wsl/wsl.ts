import { systemProgram } from '../../process/program-in-path.js';
import { windowsText } from '../../process/run-program.js';
import { type Guid, parseGuid } from '../../typed/numbers.js';
import { type Deps, DiscoveryError } from '../source.js';
import { powershell } from '../tools/powershell.js';
import { type RunToolForBytes, runToolForBytes } from '../tools/run-tool.js';

/** A distribution of WSL2. All of them share one virtual machine, and so its vsock ports. */
export interface WslDistro {
  readonly name: string;
  readonly running: boolean;
}

export interface WslState {
  /** The id of the virtual machine, which changes with every `wsl --shutdown`. Undefined if this WSL does not report it. */
  readonly vmId: Guid | undefined;
  /** Whether PID 1 is systemd, which listens for SSH on vsock. */
  readonly systemd: boolean;
  /** The vsock ports on which this systemd listens. No other distribution can listen on them meanwhile. */
  readonly ports: readonly number[];
}

/** The distributions of WSL2, or of WSL1; none if WSL is not installed. Throws a DiscoveryError. */
export async function listDistros(
  deps: Deps,
  run = runToolForBytes,
  version?: '1',
): Promise<readonly WslDistro[]> {
  try {
    const all = parseVerbose(await callWsl(['--list', '--verbose'], deps, run), version);
    const printed = await callWsl(['--list', '--running', '--quiet'], deps, run).catch(noneRuns);
    const running = new Set(lines(printed));
    return all.map((name) => ({ name, running: running.has(name) }));
  } catch (error) {
    // Without distributions wsl.exe, like Windows' stub of it, fails with a translated message.
    if (error instanceof DiscoveryError && (error.code === 'ENOENT' || isNone(error))) return [];
    throw error;
  }
}

/** Not a failure of WSL itself, "Wsl/Service/E_UNEXPECTED"; its word for none is "Wsl/WSL_E_DEFAULT_DISTRO_NOT_FOUND". */
function isNone({ code, message }: DiscoveryError): boolean {
  return code === 'FAILED' && !/\bWsl\/(?:\w+\/)*(?!WSL_E_)\w+(?![\w/])/.test(message);
}

/** Starts it if necessary. Throws a DiscoveryError. */
export async function askDistro(name: string, deps: Deps, run = runToolForBytes): Promise<WslState> {
  const words = ['--distribution', name, '--user', 'root', '--exec', '/bin/sh', '-c', script];
  const answer = await callWsl(words, deps, run);
  const all = lines(answer);
  const said = all.map((line) => parseGuid(line)).find((id) => id !== undefined);
  const vmId = said ?? (await findVmId(deps, run));
  return { vmId, systemd: all.at(-1) === 'systemd', ports: parseSockets(answer) };
}

/** Without quotes, which wsl.exe might take for its own; -f keeps sh from replacing the pattern. */
const script =
  'set -f; wslinfo --vm-id -n 2>/dev/null; echo; systemctl show --property=Listen,ActiveState *.socket 2>/dev/null; echo; cat /proc/1/comm';

/** The vsock ports of active units in what `systemctl show` prints: a block of lines for each unit, "Listen=vsock::22 (Stream)". */
function parseSockets(text: string): readonly number[] {
  return text
    .split(/\r?\n\r?\n/)
    .filter((unit) => /^ActiveState=active\r?$/m.test(unit))
    .flatMap((unit) => [...unit.matchAll(/^Listen=vsock:\d*:(\d+) /gm)].map(([, port]) => Number(port)));
}

/** Names in what `wsl --list --verbose` prints, whose header and states are translated. */
export function parseVerbose(text: string, version = '2'): readonly string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    if (!/^[* ]/.test(line)) return [];
    // A regular expression for the three columns would try each of their borders with each other one.
    const row = line.slice(1).trim();
    const end = row.indexOf('  ');
    const state = row.slice(end).trim().split(/\s+/);
    return end > 0 && state.length > 1 && state.at(-1) === version ? [row.slice(0, end).trim()] : [];
  });
}

/** The VM id from the command lines of WSL's processes on Windows: wslhost.exe, wslrelay.exe. */
export function parseVmId(commandLines: string): Guid | undefined {
  const [, id = ''] = /--vm-id\s+(\{?[0-9a-f-]{36}\}?)/i.exec(commandLines) ?? [];
  return parseGuid(id);
}

async function findVmId(deps: Deps, run: RunToolForBytes): Promise<Guid | undefined> {
  const query = "Get-CimInstance Win32_Process -Filter \"Name='wslhost.exe' OR Name='wslrelay.exe'\"";
  const printed = await run(...powershell(`(${query}).CommandLine`, deps.env), deps).catch(() => undefined);
  return parseVmId(printed?.toString('latin1') ?? '');
}

async function callWsl(args: readonly string[], deps: Deps, run: RunToolForBytes): Promise<string> {
  const env = { ...deps.env, WSL_UTF8: '1' };
  return windowsText(await run(systemProgram('wsl.exe', env), args, { ...deps, env }));
}

function lines(text: string): readonly string[] {
  const all = text.split(/\r?\n/).map((line) => line.trim());
  return all.filter((line) => line !== '');
}

/** If none runs, wsl.exe fails. */
function noneRuns(error: unknown): string {
  if (error instanceof DiscoveryError && isNone(error)) return '';
  throw error;
}
