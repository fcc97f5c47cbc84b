import { ConnectError } from '../../base/errors.js';
import { isAt, ofHost } from '../../book/same.js';
import type { HostEntry } from '../../book/state.js';
import { asTarget, providersOf } from '../../kinds/kinds.js';
import type { AllMachines } from '../../sources/list-all.js';
import type { ListedMachine } from '../../sources/merge.js';
import { machineOrThrow } from '../../sources/no-machine.js';
import { addressOf } from '../../sources/routes.js';
import { isOfOthers, match, searchIn } from '../../sources/search.js';
import { nameOf } from '../../typed/target.js';
import type { Selection } from './output.js';

/**
 * The machine of each name, id, target or address, in the order in which they were typed; an error for one that no
 * machine has, or several have. `from`: the only sources that were asked.
 */
export function namedMachines(
  names: readonly string[],
  all: AllMachines,
  from: string | undefined,
): Pick<Selection, 'machines' | 'errors'> {
  const machines = new Set<ListedMachine>();
  const errors: ConnectError[] = [];
  const failures = all.warnings.map((warning) => ({
    ...warning,
    problem: `${warning.provider}: ${warning.problem}`,
  }));
  for (const name of names) {
    const search = searchIn(meant(name, all.machines), all.machines, ({ target }) => target, failures);
    try {
      machines.add(
        machineOrThrow(search, name, name, {
          title: '',
          missing: `no machine ${from === undefined ? '' : `of ${from} `}is called ${name}`,
          empty: from === undefined ? 'no machine was found on this host' : undefined,
          hints: { unknown: 'see vmssh list' },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      errors.push(error);
    }
  }
  return { machines: [...machines], errors };
}

/** A Host may be called otherwise than its machine, NAME.HOST or with a prefix: what to look for, and on which hypervisors besides. */
export function byHosts(typed: readonly string[], written: readonly HostEntry[] = []) {
  const hosts = typed.map((name) => ({ name, entry: ofHost(name, written) }));
  const names = hosts.map(({ name, entry }) => (entry && entry.name !== name ? entry.target : name));
  return { names, hops: hosts.flatMap(({ entry }) => entry?.via ?? []) };
}

function meant(typed: string, machines: readonly ListedMachine[]): readonly ListedMachine[] {
  const isMeant = isAt(typed);
  const exact = machines.filter(
    (machine) => isMeant(machine) || addressOf(machine) === typed.replace('%', '/'),
  );
  const own = exact.filter((machine) => !isOfOthers(machine));
  if (exact.length > 0) return own.length > 0 ? own : exact;
  const byName = match(typed, machines);
  if (byName.length > 0) return byName;
  const target = asTarget(typed);
  if (target === undefined || nameOf(target) === '') return [];
  const sources = providersOf(target);
  const candidates = machines.filter(({ provider }) => sources.includes(provider));
  return match(nameOf(target), candidates);
}
