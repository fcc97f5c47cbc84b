import type { Addon, Handle } from 'node-hvsock-native';
import { CommandError } from '../../../cli/command.js';
import type { LoopbackFor } from '../../../ssh/config/state.js';
import { peerUser } from './peer-user.js';

/** Why a client may not connect; undefined: it may. */
export type Refuse = (client: Handle, who: LoopbackFor) => Promise<CommandError | undefined>;

/**
 * Turns the programs of other users away: any user can connect to a loopback port. Root may, since root can be anybody. Where the system
 * does not show whose a connection is (Windows), all may.
 */
export function refuseOthers(
  addon: Addon,
  platform: NodeJS.Platform,
  userOf = peerUser(addon),
  uid = process.getuid?.(),
): Refuse {
  return async (client, who) => {
    if (who === 'all' || platform === 'win32' || uid === undefined) return undefined;
    const user = await userOf(client);
    if (user === uid || user === 0) return undefined;
    if (user === undefined)
      return new CommandError(
        'NO_USER',
        'turned away: the client ended, or the kernel does not show whose it is',
      );
    return new CommandError(
      'OTHER_USER',
      `turned away: user ${user} of this host`,
      'for all users of this host: vmssh config install --loopback-for-all',
    );
  };
}
