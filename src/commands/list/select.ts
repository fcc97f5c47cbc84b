import { ConnectError } from '../../errors.js';
import { fewAtATime } from '../../group-by.js';
import { listed, mayRun } from '../../machines/listed.js';
import type { Io } from '../../process/io.js';
import type { AllMachines } from '../../sources/list-all.js';
import type { ListedMachine } from '../../sources/merge.js';
import { addressOf, routesTo } from '../../sources/routes.js';
import { DiscoveryError, type Source, type Warning } from '../../sources/source.js';
import type { ListOptions, Selection } from './output.js';

/** The machines that the options ask for. Those of names keep their order; addresses that no list has are asked for. */
export async function select(
  options: ListOptions,
  io: Io,
  asked: readonly Source[],
  all: AllMachines,
  signal?: AbortSignal,
  from = options.sources?.join(' or '),
): Promise<Selection> {
  const byName = options.names.length === 0 ? undefined : await import('./named.js');
  const named = byName?.namedMachines(options.names, all, from);
  const machines =
    named?.machines.filter((each) => !options.runningOnly || mayRun(each)) ?? listed(options, all);
  const shown: readonly SelectedMachine[] = options.addresses
    ? await withAddresses(machines, io, asked, signal)
    : machines.map((machine) => ({ machine }));
  return {
    machines: all.machines,
    warnings: named ? all.warnings : [...all.warnings, ...shown.flatMap(({ warning }) => warning ?? [])],
    shown: shown.map(({ machine }) => machine),
    errors: named ? [...named.errors, ...shown.flatMap((each) => unknownOf(each, options))] : [],
  };
}

interface SelectedMachine {
  readonly machine: ListedMachine;
  readonly warning?: Warning;
}

async function withAddresses(
  machines: readonly ListedMachine[],
  { env }: Io,
  asked: readonly Source[],
  signal: AbortSignal | undefined,
): Promise<readonly SelectedMachine[]> {
  const ask = async (machine: ListedMachine): Promise<SelectedMachine> => {
    const provider = asked.find(({ name }) => name === machine.provider);
    if (addressOf(machine) !== undefined || !mayRun(machine) || !provider?.addressOf) return { machine };
    try {
      const { routes = [] } = machine;
      const found = routesTo([await provider.addressOf(machine, { env, signal })]);
      return { machine: { ...machine, routes: [...routes, ...found] } };
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof DiscoveryError)) throw error;
      const { code, message: problem } = error;
      return { machine, warning: { provider: machine.provider, code, problem } };
    }
  };
  return fewAtATime(machines, atOnce, ask, signal);
}

/** How many addresses are asked for at once: each is a process. */
const atOnce = 4;

function unknownOf({ machine, warning }: SelectedMachine, { show }: ListOptions): readonly ConnectError[] {
  const what = show === 'id' || show === 'address' ? show : undefined;
  if (what === undefined || (what === 'id' ? machine.uuid : addressOf(machine)) !== undefined) return [];
  const state = what === 'address' && !mayRun(machine) ? `: it is ${machine.status}` : '';
  const problem = `${machine.provider} has no ${what} for it${warning ? `: ${warning.problem}` : state}`;
  return [new ConnectError('resolve', machine.name, { code: warning?.code ?? 'NOT_FOUND', problem })];
}
