import { ConnectError } from '../base/errors.js';
import { decideByAsking, pinsOf } from '../keys/decide.js';
import { keyOwner } from '../keys/key-owner.js';
import {
  factsFor,
  type MachineKeys,
  machineKeys,
  refusalOf,
  systemKnownHosts,
} from '../keys/machine-keys.js';
import { pinPrint } from '../keys/pins.js';
import { recordOf } from '../keys/record.js';
import { changedKey } from '../keys/refusal.js';
import type { Io } from '../process/io.js';
import type { Reached } from '../reach/reach.js';
import type { ListedTarget } from '../reach/short-name.js';
import type { HostKey } from '../ssh/handshake-result.js';
import type { Endpoint } from '../typed/route.js';

export interface KnownKeys {
  readonly knownAs?: { readonly name: string; readonly path: string };
  /** When and by whose word the key was accepted, if its line says it. Rejects with a ConnectError for a key that ssh will refuse whatever it is told. */
  check(key: HostKey): Promise<string | undefined>;
}

interface CheckedMachine extends Pick<Reached, 'target' | 'resolution'> {
  /** As typed, without a user. */
  readonly typed: string;
  readonly text: string;
  readonly machine: ListedTarget['machine'];
  readonly endpoint: Endpoint;
}

/** Reads what is known of the machine that was reached. Decides as the command that ssh asks, but keeps nothing. */
export async function knownKeys(checked: CheckedMachine, io: Io): Promise<KnownKeys> {
  const { typed, text, endpoint } = checked;
  const record = recordOf(checked, checked.resolution.machine ?? checked.machine, endpoint);
  const { withMachine } = await import('../keys/known-address.js');
  const reached = await withMachine(record, io.env);
  const owner = await keyOwner(reached, { typed }, io.env);
  const keys = await machineKeys(owner, io.env);
  return {
    knownAs: knownAs(keys),
    async check({ type, fingerprint }) {
      const answer = await decideByAsking(factsFor(keys, fingerprint), async () =>
        (await import('../keys/manager-keys.js')).managerPrints(keys.reached, io, fingerprint),
      );
      if (answer.do === 'nothing' && answer.why === 'unknown') return unconfirmed;
      if (answer.do !== 'contradict')
        return pinsOf(keys).find((pin) => pinPrint(pin) === fingerprint)?.comment;
      const { code, final, problem, hint } = refusalOf(answer, keys, typed, io);
      const pins = pinsOf(keys);
      const pin = pins.find((pin) => pin.type === type) ?? pins[0];
      const saved = pin && `saved ${pinPrint(pin)}${pin.comment ? ` (${pin.comment})` : ''}, `;
      const says =
        answer.why === 'changed'
          ? `${changedKey(typed)}: ${saved ?? ''}shown ${fingerprint}`
          : `ssh refuses the host key ${type} ${fingerprint}: ${problem}`;
      throw new ConnectError('handshake', text, { code, final, problem: says, hint });
    },
  };
}

/** What is said of a key that nobody vouches for or contradicts. */
export const unconfirmed = 'nobody on this host can confirm it: ssh decides';

function knownAs(keys: MachineKeys): KnownKeys['knownAs'] {
  if (keys.made) return { name: keys.made.keys.alias, path: keys.made.keys.knownHosts };
  const [pin] = pinsOf(keys);
  return pin && { name: pin.alias, path: pin.isRoots ? systemKnownHosts : keys.path };
}
