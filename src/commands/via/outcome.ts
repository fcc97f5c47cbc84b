import { CommandError } from '../../cli/command.js';
import { quote } from '../../errors.js';
import { version } from '../../version.js';

/** What happened on a hypervisor. */
export type Placed = 'pushed' | 'same' | 'removed' | 'absent';

/** What place-there.sh answered there. */
export interface PlaceAnswer {
  readonly word: string;
  readonly rest: string;
  /** The exit code of ssh. */
  readonly code: number | null;
}

/** Throws a CommandError if it is no success. */
export function outcome(host: string, { word, rest, code }: PlaceAnswer): Placed {
  switch (word) {
    case 'pushed':
    case 'same':
    case 'removed':
    case 'absent':
      return word;
    case 'foreign':
      throw new CommandError(
        'FOREIGN',
        `${host} has a ~/.local/bin/vmssh that vmssh via push did not put there`,
        `look at it: ssh ${host} ls -l .local/bin/vmssh`,
      );
    case 'machine':
      throw new CommandError('UNSUPPORTED', `${host} is ${quote(rest)} now, and was not at the login before`);
    case 'missing':
      throw new CommandError('NO_TOOL', `${host} has no ${rest}`, 'install coreutils and grep there');
    case 'unusable':
      throw new CommandError(
        'NOT_RUN',
        `vmssh does not run on ${host}, and was not kept there: ${quote(rest.slice(0, 300))}`,
      );
    case 'version':
      throw new CommandError(
        'OTHER_VERSION',
        `the program says ${quote(rest.slice(0, 300))} on ${host}, but this is vmssh ${version}: it was not kept there`,
        'use the same release on both',
      );
    case 'broken':
      throw new CommandError(
        'BROKEN',
        `the program did not arrive complete on ${host}, and was not kept there`,
      );
    case 'failed':
      throw new CommandError('FAILED', `~/.local/bin on ${host} cannot be changed; the reason is above`);
    default:
      throw new CommandError(
        'HOP_FAILED',
        `ssh to ${host} failed (exit code ${code ?? 'none'}); the reason is above`,
        `it must work without vmssh: ssh ${host} true`,
      );
  }
}
