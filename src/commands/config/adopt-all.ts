import type { Io } from '../../cli/command.js';
import type { ListedMachine } from '../../discovery/merge.js';
import { adoptKeys } from '../../host-keys/adopt.js';
import { parseTarget } from '../../kinds/parse.js';
import { entries, keyNamesOf } from '../../ssh/config/grouped/entry.js';
import { knownHostsFile } from '../../ssh/known-hosts-file.js';
import { keyNames } from '../../ssh/older-names.js';
import { fileError } from './files.js';

/**
 * Renames the host keys kept under older names to the ones that the Host blocks use now. `before`: our file until now, by
 * whose Hosts ssh may have kept keys under their names.
 */
export async function adoptAll(
  machines: readonly ListedMachine[],
  before: string,
  { env }: Pick<Io, 'env'>,
): Promise<void> {
  const path = knownHostsFile(env);
  const names = machines.flatMap(
    (machine) => keyNames({ text: machine.target, target: parseTarget(machine.target), machine }) ?? [],
  );
  const shared = entries(before).map((entry) => ({
    ...{ alias: entry.alias, older: [], shared: keyNamesOf(entry) },
  }));
  await adoptKeys(path, [...names, ...shared]).catch((error) => {
    throw fileError(error, path, 'changed');
  });
}
