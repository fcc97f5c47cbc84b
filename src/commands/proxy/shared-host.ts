import { dirname, join } from 'node:path';
import { sshPort } from '../../address/port.js';
import type { Io } from '../../cli/command.js';
import { ConnectError, quote } from '../../errors.js';
import { readText } from '../../files/read-file.js';
import { adoptKeys, type KeyNames } from '../../host-keys/adopt.js';
import { asTarget } from '../../kinds/parse.js';
import {
  findEntry,
  findMeant,
  type GroupedHost,
  keyNamesIn,
  toEntry,
} from '../../ssh/config/grouped/entry.js';
import { hostBlocks } from '../../ssh/config/kept.js';
import { writtenConfigFile } from '../../ssh/known-hosts-file.js';
import type { ProxyOptions } from './proxy.js';

/**
 * For a machine whose Host shares its block with others (ssh/config/grouped/): the target from our file. ssh keeps its key
 * under the name that was typed, so that name gets the key of the machine's UUID first: ssh reads known_hosts once it is
 * connected. Throws a ConnectError.
 */
export async function sharedHost(options: ProxyOptions, { env }: Pick<Io, 'env'>): Promise<ProxyOptions> {
  const { text, port, hosts } = options;
  const path = hosts ?? writtenConfigFile(env);
  const file = await readText(path).catch(() => '');
  const entry = hosts === undefined ? meant(file, text) : (findEntry(file, text) ?? writtenSince(file, text));
  if (hosts !== undefined && !entry)
    throw new ConnectError('resolve', text, {
      ...{ code: 'NOT_FOUND', problem: `${quote(path)} has no target for this Host` },
      hint: 'vmssh config install writes it again',
    });
  // Another port has another name for ssh, and may be another server.
  if (entry && port === sshPort)
    await shareKey(
      { alias: entry.alias, older: [], shared: keyNamesIn(file, entry), now: text },
      join(dirname(path), 'vmssh_known_hosts'),
    );
  return entry && hosts !== undefined ? { ...options, text: entry.target } : options;
}

function meant(file: string, text: string): GroupedHost | undefined {
  const target = asTarget(text);
  return target?.kind === 'via' ? findMeant(file, target) : undefined;
}

/** ssh may have read the file before it was written again, now with a block for this Host. */
function writtenSince(file: string, host: string): GroupedHost | undefined {
  const block = hostBlocks(file).find((each) => each.host === host);
  return block && toEntry(block.text, '')?.entry;
}

async function shareKey(names: KeyNames & { readonly now: string }, path: string): Promise<void> {
  await adoptKeys(path, [names]).catch((error) => {
    // Otherwise ssh would accept any key under this name.
    const problem = `its host key cannot be looked up: ${error.message}`;
    throw new ConnectError('resolve', names.now, {
      ...{ code: error.code ?? 'UNKNOWN', problem, cause: error },
      hint: `${quote(path)} must be a file of yours that you can write`,
    });
  });
}
