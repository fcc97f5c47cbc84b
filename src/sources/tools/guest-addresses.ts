import { isIP } from 'node:net';
import { readText } from '../../files/read-file.js';
import { isLoopback, plainIp } from '../../typed/names.js';
import type { Deps } from '../source.js';
import { type RunTool, runTool } from './run-tool.js';

/** Whether a guest can be at an address that it says it has: it may say anything. */
export type IsGuests = (said: string) => boolean;

/** Not at a loopback or link-local one. */
export const notLocal: IsGuests = (said) => isIP(said) !== 0 && !isLocal(said);

/** What `use` makes of what guests say, without this host's own, to which a login would go. `known`: some of these. */
export async function guestsOnly<T>(
  use: (isGuests: IsGuests) => T,
  deps: Deps,
  run: RunTool = runTool,
  known: readonly string[] = [],
): Promise<T> {
  let isNeeded = false;
  const result = use((said) => {
    const may = notLocal(said);
    isNeeded ||= may;
    return may;
  });
  if (!isNeeded) return result;
  // Once for all sources of a list, and only if a guest says one that they could be; `use` is called again then.
  const asked = deps.memo?.ownAddresses ?? ownAddresses(deps, run);
  if (deps.memo) deps.memo.ownAddresses = asked;
  const own = new Set([...known, ...(await asked)].map(plainIp));
  return use((said) => notLocal(said) && !own.has(plainIp(said)));
}

/** Whether an IP address can only be this host, or something on a link that it does not name: loopback, any, link-local, multicast. */
function isLocal(address: string): boolean {
  const text = plainIp(address);
  if (isLoopback(text)) return true;
  if (isIP(text) === 4) return /^(0|169\.254|22[4-9]|23\d|2[45]\d)\./.test(text);
  return /^(::$|fe[89a-f]|ff)/.test(text) || text.includes('%');
}

/** This host's own addresses, on each of its networks; none on Windows. */
export async function ownAddresses(deps: Deps, run: RunTool = runTool): Promise<readonly string[]> {
  const { procDir = '/proc', platform = process.platform } = deps;
  if (platform === 'linux') {
    const [tree, table] = await Promise.all(
      ['fib_trie', 'if_inet6'].map((name) => readText(`${procDir}/net/${name}`).catch(() => '')),
    );
    // In fib_trie each address of this host is above a line "/32 host LOCAL", in if_inet6 a line begins with 32 digits (proc_net(5)).
    const digits = all(/^([0-9a-f]{32}) /gm, table);
    const inet6 = digits.map((each) => each.replace(/(.{4})(?=.)/g, '$1:'));
    return [...all(/\|-- ([\d.]+)\n\s+\/32 host LOCAL/g, tree), ...inet6];
  }
  if (platform !== 'darwin') return [];
  return all(/^\s+inet6? ([0-9a-fA-F:.]+)/gm, await run('ifconfig', ['-a'], deps).catch(() => ''));
}

function all(address: RegExp, text = ''): readonly string[] {
  return [...text.matchAll(address)].map(([, text = '']) => text);
}
