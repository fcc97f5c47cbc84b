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
      throw new CommandError('UNSUPPORTED', `${host} is ${quote(rest)}, and not the same at each login`);
    case 'missing':
      throw new CommandError('NO_TOOL', `${host} has no ${rest}`, 'install coreutils and grep there');
    case 'unusable':
      throw new CommandError(
        'NOT_RUN',
        `vmssh does not run on ${host}, and is not left there: ${quote(rest.slice(0, 300))}`,
      );
    case 'version':
      throw new CommandError(
        'OTHER_VERSION',
        `the program says ${quote(rest.slice(0, 300))} on ${host}, and this is vmssh ${version}: it is not left there`,
        'take both from one release',
      );
    case 'broken':
      throw new CommandError('BROKEN', `the program did not arrive whole on ${host}, and is not left there`);
    case 'failed':
      throw new CommandError('FAILED', `~/.local/bin on ${host} cannot be changed; why is above`);
    default:
      throw new CommandError(
        'HOP_FAILED',
        `ssh to ${host} failed (exit code ${code ?? 'none'}); why is above`,
        `it must work without vmssh: ssh ${host} true`,
      );
  }
}
