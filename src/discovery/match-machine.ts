import type { Machine } from './machine.js';
import { matchName } from './match-name.js';

/** The machines that `wanted` may mean: by name, else by id with or without dashes. Of one in two scopes, the first. */
export function matchMachine(wanted: string, machines: readonly Machine[]): readonly Machine[] {
  const names = matchName(
    wanted,
    machines.map(({ name }) => name),
  );
  if (names.length > 0)
    return names.flatMap((name) => machines.find((machine) => machine.name === name) ?? []);
  const id = wanted.replaceAll('-', '').toLowerCase();
  return /^[0-9a-f]{32}$/.test(id) ? distinctMachines(machines.filter((machine) => machine.id === id)) : [];
}

/** The machines without those that a scope before theirs knows by the same name and id: such were registered twice. */
export function distinctMachines(machines: readonly Machine[]): readonly Machine[] {
  const distinct = new Map<string, Machine>();
  for (const machine of machines) {
    const key = `${machine.name}/${machine.id}`;
    if (!distinct.has(key)) distinct.set(key, machine);
  }
  return [...distinct.values()];
}
