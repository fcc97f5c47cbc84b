import type { ListedMachine } from '../sources/merge.js';

/** The machines that may be printed, running ones first, then by name. */
export function listed(
  { runningOnly }: { readonly runningOnly: boolean },
  all: { readonly machines: readonly ListedMachine[] },
): readonly ListedMachine[] {
  const machines = all.machines.filter((machine) => !runningOnly || mayRun(machine));
  return machines
    .map((machine) => ({ machine, place: placeOf(machine) }))
    .sort((a, b) => (a.place === b.place ? 0 : a.place < b.place ? -1 : 1))
    .map(({ machine }) => machine);
}

// Of a container without systemd-machined only the socket is known, which may accept a login.
export function mayRun({ status }: ListedMachine): boolean {
  return status === 'running' || status === 'unknown';
}

// web2 comes before web10, ignoring case. Intl could compare names, but takes 5 ms to load its tables.
function placeOf({ status, name }: ListedMachine): string {
  const rank = status === 'running' ? 0 : status === 'off' ? 2 : 1;
  return rank + name.toLowerCase().replaceAll(/\d+/g, (digits) => digits.padStart(20, '0'));
}
