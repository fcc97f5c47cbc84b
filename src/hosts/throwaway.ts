import { UsageError } from '../cli/command.js';
import { quoteNames } from '../errors.js';
import { bothFiles } from '../identity/inbox.js';
import { pinsIn } from '../identity/pins.js';
import type { Io } from '../process/io.js';
import { givesAway } from '../ssh/config/host-options.js';
import type { ConcreteHost } from '../ssh/config/text.js';
import { knownHostsFile } from '../ssh/folder.js';
import { matchesPattern } from '../typed/names.js';
import { shellQuoted } from '../typed/shell.js';
import type { Settings } from './options.js';

/**
 * The names in the lines for --throwaway. A pattern of targets has a slash, which no host of a network has; any other
 * means Hosts of ours. None means a machine whose key is known. Throws a UsageError.
 */
export async function throwawayNames(
  { throwaway, sshOptions }: Pick<Settings, 'throwaway' | 'sshOptions'>,
  hosts: readonly ConcreteHost[],
  io: Pick<Io, 'env'>,
): Promise<{ readonly names: readonly string[]; readonly notes: readonly string[] }> {
  if (throwaway.length === 0) return { names: [], notes: [] };
  const giving = sshOptions.find(({ keyword, value }) => givesAway(keyword, value));
  if (giving) throw refusalOf(giving.keyword, throwaway);
  const targets = throwaway.filter((each) => each.includes('/'));
  const isMeant = (name: string) => throwaway.some((each) => matchesPattern(name, each));
  const meant = hosts.filter(({ host, names = [] }) => [host, ...names].some(isMeant));
  const pins = pinsIn(await bothFiles(knownHostsFile(io.env)));
  const isPinned = ({ host, options: { hostKeyAlias } }: ConcreteHost) =>
    pins.some(({ alias, names }) => alias === hostKeyAlias || names.includes(`host%${host}`));
  const known = meant.filter(isPinned).map(({ host }) => host);
  const named = meant.filter((each) => !isPinned(each)).flatMap(({ host, names = [] }) => [host, ...names]);
  const both = targets.flatMap((each) => [each, each.replaceAll('/', '%')]);
  return {
    names: [...new Set([...both, ...named])],
    notes:
      known.length === 0
        ? []
        : [
            `not --throwaway, since its host key is known: ${quoteNames(known, ', ')}; vmssh forget NAME ends that`,
          ],
  };
}

function refusalOf(keyword: string, throwaway: readonly string[]): UsageError {
  const patterns = throwaway.map((each) => `--throwaway ${shellQuoted(each)}`).join(' ');
  return new UsageError(
    `-o ${keyword} and ${patterns} do not go together: whoever answers there would get it`,
    `vmssh config install -o ${keyword}= ${patterns}, and set it for one machine in ~/.ssh/config`,
  );
}
