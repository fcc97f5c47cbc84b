import type { Io } from '../cli/command.js';
import type { ListedMachine } from '../discovery/merge.js';
import { adoptKeys } from '../host-keys/edit.js';
import { asTarget } from '../kinds/parse.js';
import { knownHostsFile } from '../ssh/folder.js';
import { keyNames } from '../ssh/identity.js';
import { fileError } from './files.js';

/** Copies the host keys kept under typed names to the ones that the Host blocks use. */
export async function adoptAll(machines: readonly ListedMachine[], { env }: Pick<Io, 'env'>): Promise<void> {
  const path = knownHostsFile(env);
  const names = machines.flatMap((machine) => {
    const target = asTarget(machine.target);
    // One with a name that no target can have has no Host either.
    return (target && keyNames({ text: machine.target, target, machine })) ?? [];
  });
  await adoptKeys(path, names).catch((error) => {
    throw fileError(error, path, 'changed');
  });
}
