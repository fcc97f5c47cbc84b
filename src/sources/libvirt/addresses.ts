import { isIP } from 'node:net';
import { now } from '../../runtime.js';
import type { Deps } from '../source.js';
import { guestsOnly, notLocal } from '../tools/guest-addresses.js';
import { type RunTool, runTool } from '../tools/run-tool.js';
import type { Scope } from '../trusted-path.js';
import { uriOf } from './libvirt.js';

/**
 * A running domain's IP addresses, IPv4 first: of libvirt's DHCP server, else those that this host has talked to, which
 * the guest chooses; none of this host's own. Throws a DiscoveryError.
 */
export async function domainAddresses(
  { uuid, scope }: { readonly uuid?: string; readonly scope: Scope },
  deps: Deps,
  run: RunTool = runTool,
): Promise<readonly string[]> {
  if (uuid === undefined) return [];
  const uri = uriOf({ scope });
  const { timeoutMs } = deps;
  // For both questions.
  const until = now() + (timeoutMs ?? 0);
  for (const source of ['lease', 'arp']) {
    const args = ['--readonly', '--quiet', '--connect', uri, 'domifaddr', uuid, '--source', source];
    const left = { ...deps, timeoutMs: timeoutMs && Math.max(1, until - now()) };
    const said = parseAddresses(await run('virsh', args, left));
    const found = await guestsOnly((isGuests) => said.filter(isGuests), deps);
    if (found.length > 0) return found;
  }
  return [];
}

/** Reads a table whose last column is "192.0.2.7/24"; without addresses that are only local. */
export function parseAddresses(text: string): readonly string[] {
  return text
    .split(/\s+/)
    .flatMap((word) => /^(.+)\/\d+$/.exec(word)?.[1] ?? [])
    .filter(notLocal)
    .toSorted((a, b) => isIP(a) - isIP(b));
}
