import type { Io } from '../../cli/command.js';
import { pasteable } from '../../cli/message.js';
import { hostBlocks } from '../../ssh/config/kept.js';

/** How many commands stand on the line. */
const most = 8;

/** The last line of `config install`: what to type now that `file` is what ssh reads. */
export function whatNow(file: string, io: Io): string {
  const hosts = hostBlocks(file).map(({ host }) => host);
  if (hosts.length === 0)
    return pasteable(
      'no machine has a name yet: run vmssh config install again when there is one; ssh root@vsock/3 works now',
      io,
    );
  const more = hosts.length > most ? `, and ${hosts.length - most} more` : '';
  const commands = hosts.slice(0, most).map((host) => `ssh ${host}`);
  return `${hosts.length} machine${hosts.length === 1 ? '' : 's'}: ${commands.join(', ')}${more}`;
}
