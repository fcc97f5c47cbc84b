import { ConnectError, quote } from '../../errors.js';
import { isSshPort } from '../../typed/numbers.js';
import { shellOf, shellQuoted } from '../../typed/shell.js';
import { routeToHyperV } from '../../typed/socket-target.js';
import { answerOf, match, searchList } from '../search.js';
import type { Deps, DiscoveredMachine, Listing, Reachable, Recheck, ResolveContext } from '../source.js';
import { type Source, serviceLimitMs } from '../source.js';

/** The queries to WSL; a parameter, for tests. */
const effects = {
  list: async (deps: Deps, version?: '1') => (await import('./wsl.js')).listDistros(deps, undefined, version),
  ask: async (name: string, deps: Deps) => (await import('./wsl.js')).askDistro(name, deps),
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
      const [{ filesByExec }, { systemProgram }] = await Promise.all([
        import('../tools/machine-files.js'),
        import('../../process/program-in-path.js'),
      ]);
      const own = ['--distribution', name, '--user', 'root', '--exec'];
      return filesByExec([systemProgram('wsl.exe', deps.env), ...own], deps);
    },
  };
}

async function asUp(listing: Promise<Listing>): Promise<Listing> {
  const { found, warnings } = await listing;
  return { found: found.map((each) => ({ ...each, status: 'running' })), warnings };
}

/** The virtual machine may have to boot first. Milliseconds. */
const longMs = 30_000;

const hints = {
  unknown: 'see wsl --list --online, and wsl --install',
  unavailable: 'wsl --shutdown, which ends its distributions; then wsl --status says whether WSL works',
};

export const wsl = wslOf();

async function listWsl(deps: Deps, list: WslEffects['list']): Promise<Listing> {
  const found = (await list(deps)).map(({ name, running }): DiscoveredMachine => {
    return { name, target: `wsl/${name}`, provider: 'wsl', status: running ? 'running' : 'off' };
  });
  return { found, warnings: [] };
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
