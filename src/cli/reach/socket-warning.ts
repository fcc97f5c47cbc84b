import { statSync } from 'node:fs';
import { printable } from '../../errors.js';
import { kindOf } from '../../kinds/kinds.js';
import type { ReachOptions } from '../../reach.js';
import type { Io } from '../command.js';

/**
 * Warns on stderr, once, if a typed path leads to another user's socket: after its machine ended, anybody may have put
 * one there.
 */
export function socketWarning(
  io: Io,
  uid = process.getuid?.(),
  ownerOf: (path: string) => number | undefined = statOwner,
): NonNullable<ReachOptions['beforeOpen']> {
  let warned = io.platform === 'win32';
  return async (target, endpoint) => {
    if (warned || kindOf(target).rest !== 'path' || !('path' in endpoint)) return;
    const owner = ownerOf(endpoint.path);
    if (owner === undefined || owner === 0 || owner === uid) return;
    const { isSystemUser } = await import('../../discovery/processes/system-user.js');
    if (await isSystemUser(owner, io)) return;
    warned = true;
    const danger = `belongs to user ${owner}, who can answer in place of the machine`;
    io.err(`${io.program}: warning: ${printable(endpoint.path)} ${danger}\n`);
  };
}

function statOwner(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined; // the connect says why
  }
}
