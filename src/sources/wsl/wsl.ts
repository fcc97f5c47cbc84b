import { ConnectError, quote } from '../../base/errors.js';
import { systemProgram } from '../../process/program-in-path.js';
import { windowsText } from '../../process/run-program.js';
import { type Guid, isSshPort, parseGuid } from '../../typed/numbers.js';
import { shellOf, shellQuoted } from '../../typed/shell.js';
import { routeToHyperV } from '../../typed/socket-target.js';
import { answerOf, match, searchList } from '../search.js';
import type { Deps, DiscoveredMachine, Listing, Reachable, Recheck, ResolveContext } from '../source.js';
import { DiscoveryError, type Source, serviceLimitMs } from '../source.js';
import { powershell, type RunToolForBytes, runToolForBytes } from '../tools/run-tool.js';

/** The queries to WSL; a parameter, for tests. */
const effects = {
  list: (deps: Deps, version?: '1') => listDistros(deps, undefined, version),
  ask: (name: string, deps: Deps) => askDistro(name, deps),
};

type WslEffects = typeof effects;

/** The distributions of WSL2; they have no lasting ids. */
export function wslOf({ list, ask } = effects): Source {
  return {
    name: 'wsl',
    title: 'WSL2',
    limitMs: serviceLimitMs,
    searchMs: longMs,
    hints,
    list: (deps) => listWsl(deps, list),
    // One that is off is no failure: the question for its address starts it.
    async find(name, deps) {
      const search = await answerOf(searchList(name, asUp(listWsl(deps, list))), deps.signal);
      if (search.outcome !== 'unknown') return search;
      const [old] = match(name, await list(deps, '1').catch(() => []));
      if (old === undefined) return search;
      const shell = shellOf({ platform: 'win32', env: deps.env });
      const missing = `${quote(old.name)} is a distribution of WSL1, which has no machine`;
      return { ...search, known: [], missing, hint: `wsl --set-version ${shellQuoted(old.name, shell)} 2` };
    },
    resolve: (distro, context) => resolveDistro(distro, context, { list, ask }),
    async files({ name }, deps) {
      if (name === '' || name.startsWith('-') || /["\\\p{Cc}]/u.test(name)) return undefined;
      const { filesByExec } = await import('../tools/machine-files.js');
      const own = ['--distribution', name, '--user', 'root', '--exec'];
      return filesByExec([systemProgram('wsl.exe', deps.env), ...own], deps);
    },
  };
}

async function asUp(listing: Promise<Listing>): Promise<Listing> {
  const { found, warnings } = await listing;
  return { found: found.map((machine) => ({ ...machine, status: 'running' })), warnings };
}

/** The virtual machine may have to boot first. Milliseconds. */
const longMs = 30_000;

const hints = {
  unknown: 'see wsl --list --online, and wsl --install',
  unavailable: 'wsl --shutdown, which ends its distributions; then wsl --status says whether WSL works',
};

export const wsl = wslOf();

async function listWsl(deps: Deps, list: WslEffects['list']): Promise<Listing> {
  const machines = (await list(deps)).map(({ name, running }): DiscoveredMachine => {
    return { name, target: `wsl/${name}`, provider: 'wsl', status: running ? 'running' : 'off' };
  });
  return { found: machines, warnings: [] };
}

// By the id of WSL's virtual machine, which is started if necessary. All have the same address: while another one may run,
// this one has to say that it listens there. Which run is asked after its answer: one may have been started meanwhile.
async function resolveDistro(
  { name }: DiscoveredMachine,
  context: ResolveContext,
  { list, ask }: WslEffects,
): Promise<Partial<Reachable>> {
  const { text, port, signal } = context;
  const search = async () => {
    const deps = { timeoutMs: longMs, ...context };
    const state = await ask(name, deps);
    const up = state.ports.includes(port) ? [{ name }] : (await list(deps)).filter(({ running }) => running);
    const running = up.map((each) => each.name);
    return { outcome: 'found', machine: { ...state, running }, warnings: [] } as const;
  };
  const state = await answerOf(search(), signal);
  const { machineOrThrow } = await import('../no-machine.js');
  const { vmId, systemd, running } = machineOrThrow(state, name, text, { title: wsl.title, hints });
  if (vmId === undefined)
    throw new ConnectError('resolve', text, {
      code: 'NOT_FOUND',
      problem: `WSL does not report the id of the virtual machine of ${quote(name)}`,
      hint: 'wsl --update (WSL 2.5.10 and later report it), or use the id itself: hvsock:ID:vsock-22',
    });
  const others = running.filter((each) => each !== name);
  // A list without this one, which runs, may lack others too.
  if (others.length > 0 || others.length === running.length)
    throw otherMayAnswer(name, others, systemd, context);
  return {
    routes: [routeToHyperV(vmId, context)],
    steps: [`WSL runs ${quote(name)} ${systemd ? 'with' : 'without'} systemd in the virtual machine ${vmId}`],
    joined: undefined,
    ...(systemd ? {} : { recheck: async () => withoutSystemd(name) }),
  };
}

function otherMayAnswer(
  name: string,
  others: readonly string[],
  systemd: boolean,
  { text, port, ...here }: ResolveContext,
): ConnectError {
  const ownPort = isSshPort(port) ? 2222 : port + 1;
  return new ConnectError('resolve', text, {
    code: 'AMBIGUOUS',
    final: true,
    problem: `${others.map(quote).join(', ') || 'another distribution'} may answer instead: all running distributions share their vsock ports, and systemd in ${quote(name)} does not listen on port ${port}`,
    hint: systemd
      ? `give it a port of its own: vmssh guest install --port ${ownPort} ${shellQuoted(text, shellOf(here))}, then -p ${ownPort}; or end the others by wsl --terminate`
      : withoutSystemd(name).hint,
  });
}

function withoutSystemd(name: string): Recheck {
  return {
    problem: `${quote(name)} runs without systemd, so nothing listens on its vsock ports`,
    hint: 'in the distribution put the lines [boot] and systemd=true into /etc/wsl.conf, then on Windows: wsl --shutdown',
  };
}

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

/** An empty list, if wsl.exe failed because none runs. Throws any other error. */
function noneRuns(error: unknown): string {
  if (error instanceof DiscoveryError && isNone(error)) return '';
  throw error;
}
