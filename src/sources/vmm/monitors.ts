import { countBy } from '../../base/group-by.js';
import { loadAddon } from '../../base/native.js';
import { nameProblem } from '../../typed/names.js';
import { parseUuid } from '../../typed/numbers.js';
import { offered } from '../../typed/shell.js';
import { noDevice, ofProcess, processesNamed, tooMany, warnInto } from '../processes/processes.js';
import { addressOf, routesTo } from '../routes.js';
import { match, searchList } from '../search.js';
import type { Deps, DiscoveredMachine, Listing, Process, Search, Warning } from '../source.js';
import { DiscoveryError } from '../source.js';

/** A process that runs one machine, as its command line shows it. */
export interface Monitor {
  readonly name: string;
  /** Resolves to what it says of its machine; undefined: it has none yet. */
  readonly ask: () => Promise<MonitorAnswer | undefined>;
}

export interface MonitorAnswer extends Pick<DiscoveredMachine, 'status' | 'cid' | 'uuid'> {
  /** "vsock-mux/PATH"; undefined: it has no vsock device. */
  readonly address?: string;
}

/**
 * The machines of such processes, and a warning for each that could not be asked. A machine is typed by its name, if no
 * other process of this user or the system has that one, silent ones included. With `wanted`, others are not asked.
 */
export async function listMonitors(
  { name: provider, title }: { readonly name: string; readonly title: string },
  program: RegExp,
  look: (process: Process, deps: Deps) => Promise<Monitor>,
  deps: Deps,
  search = processesNamed,
): Promise<Listing> {
  const { wanted } = deps;
  const warnings: Warning[] = [];
  const processes = await search(program, deps, { warn: warnInto(warnings, provider) });
  const seen = await Promise.all(
    processes.map(async (process): Promise<Seen | undefined> => {
      const isOther = process.authority === 'other';
      // One in a container has no name, and those of this host do not wait for it.
      if (isOther && wanted !== undefined) return undefined;
      let name: string | undefined;
      try {
        const monitor = await look(process, isOther ? { ...deps, timeoutMs: limitOfOthers } : deps);
        name = monitor.name;
        if (wanted !== undefined && !mayMean(wanted, name)) return { process, name, answer: {} };
        const answer = await monitor.ask();
        return answer && { process, name, answer };
      } catch (error) {
        // Anybody in a container could fill the terminal with them.
        if (isOther) return undefined;
        const { code = 'EIO', message } = error as NodeJS.ErrnoException;
        const problem = `the ${title} of pid ${process.pid} could not be asked: ${message}`;
        warnings.push({ provider, code, problem, machine: name });
        return name === undefined ? undefined : { process, name };
      }
    }),
  );
  const all = seen.filter((each) => each !== undefined);
  const own = all.filter(({ process }) => process.authority !== 'other');
  const named = countBy(own, ({ name }) => name);
  const withUuid = countBy(own, ({ answer }) => answer?.uuid);
  const machines = all.flatMap(({ process, name, answer }) => {
    if (!answer) return [];
    const { address, ...said } = answer;
    const { uuid } = said;
    const ids = [named.get(name) === 1 ? name : undefined, withUuid.get(uuid) === 1 ? uuid : undefined];
    const typed = ids.find((text) => text !== undefined && nameProblem(text) === undefined);
    const target = typed === undefined ? address : `${provider}/${typed}`;
    if (target === undefined) {
      if (said.status && process.authority !== 'other')
        warnInto(warnings, provider)(noDevice(process, title));
      return [];
    }
    const known = { name, target, provider, pid: process.pid, routes: routesTo([address]) };
    return ofProcess(process, { status: 'unknown', ...said, ...known });
  });
  return { found: machines, warnings };
}

/** How long an answer of a monitor in a container may take. Milliseconds. */
const limitOfOthers = 400;

interface Seen {
  readonly process: Process;
  readonly name: string;
  /** Empty: it was not asked; undefined: it did not answer. */
  readonly answer?: Partial<MonitorAnswer>;
}

function mayMean(wanted: string, name: string): boolean {
  return parseUuid(wanted) !== undefined || match(wanted, [{ name }]).length > 0;
}

/** The machine of a name, unless a process that runs one of that name too, or may, could not be asked. */
export async function findMonitor(
  name: string,
  list: (deps: Deps) => Promise<Listing>,
  deps: Deps,
  knows = () => loadAddon().addon !== undefined,
): Promise<Search> {
  // If the kernel does not say whose a socket is, all are asked: none may claim that of another.
  const listing = list(knows() ? { ...deps, wanted: name } : deps);
  const search = await searchList(name, listing);
  const { warnings } = await listing;
  // None in a container is found by a name.
  const [first, ...others] = warnings.filter(({ code }) => code !== tooMany && code !== 'NOT_LISTED');
  if (first === undefined || search.outcome === 'ambiguous') return search;
  const address = search.outcome === 'found' ? addressOf(search.machine) : undefined;
  const hint = address === undefined ? {} : { hint: `type ${offered(address)} for the one that answers` };
  return { outcome: 'unavailable', code: 'NOT_FOUND', problem: first.problem, warnings: others, ...hint };
}

/** Handles the error of a question: thrown if that was the last one, unless its code is `known`. */
export function keepIf(isLast: boolean, known?: string): (error: unknown) => undefined {
  return (error) => {
    const isKnown = error instanceof DiscoveryError && error.code === known;
    if (isLast && !isKnown) throw error;
  };
}
