import type { Io } from '../../../cli/command.js';
import { pasteable } from '../../../cli/message.js';
import { madeKeysOf } from '../../../guest/credentials/made-key.js';
import { hostLines, hostName } from '../../../guest/host-lines.js';
import { knownHostsOf } from '../../../hosts/decide.js';
import { kindOf } from '../../../kinds/kinds.js';
import { parseTarget } from '../../../kinds/parse.js';
import { lookUp } from '../../../lookup/find-target.js';
import { splitUser } from '../../../lookup/login.js';
import { callerForSsh } from '../../../ssh/config/caller.js';
import { trustIn } from '../../../ssh/config/guest-hosts.js';
import { guestKeysFor } from '../../../ssh/guest-keys.js';
import { hostKeyAlias } from '../../../ssh/identity.js';
import type { OwnSettings } from './own-settings.js';

export interface Afterwards {
  /** HOST, as typed. */
  readonly host: string;
  readonly target: string;
  readonly port: number;
  /** Undefined: the local user's name. */
  readonly user: string | undefined;
  readonly own: OwnSettings;
}

/** What to type from now on: a Host with HOST's own login, or with the keys that were made for the machine. */
export async function afterwards({ host, target, port, user, own }: Afterwards, io: Io): Promise<string> {
  const name = hostName(splitUser(host).host);
  const found = await lookUp(target, io).catch(() => ({ target: parseTarget(target) }));
  const made = guestKeysFor(found, io.env) ?? madeKeysOf(splitUser(host).host, io.env);
  const trust = made ? trustIn(made) : { knownHosts: knownHostsOf(io), hostKeyAlias: hostKeyAlias(found) };
  const { program } = await callerForSsh(io);
  const keys = made?.identityFile === undefined ? own.keys : [];
  const lines = hostLines({ name, target, port, user, program, platform: io.platform, keys, ...trust });
  const onWindows = kindOf(found.target).from.startsWith('windows');
  const registration =
    onWindows && port !== 22
      ? `\nWindows may want port ${port} registered once, in an elevated terminal:\n${pasteable(`vmssh service register ${port}`, io)}\n`
      : '';
  return `For ~/.ssh/config, to type ssh ${name} from now on:\n\n${lines}${registration}`;
}
