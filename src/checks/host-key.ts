import { ConnectError } from '../errors.js';
import { decideByAsking, pinsOf } from '../identity/decide.js';
import { recordOf } from '../identity/record.js';
import type { ListedTarget } from '../lookup/short-name.js';
import type { Io } from '../process/io.js';
import type { Reached } from '../reach/reach.js';
import type { Endpoint } from '../route.js';
import type { HostKey } from '../ssh/handshake-result.js';
import { factsFor, type MachineKeys, machineKeys, refusalOf } from '../ssh/machine-keys.js';

/** The host keys that ssh knows of a machine. */
interface KnownKeys {
  /** A name that has keys. */
  readonly knownAs?: { readonly name: string; readonly path: string };
  /** Rejects with a ConnectError for a key that ssh will refuse whatever the policy is. */
  check(key: HostKey): Promise<void>;
}

interface CheckedMachine extends Pick<Reached, 'target' | 'resolution'> {
  /** As typed, without a user. */
  readonly typed: string;
  readonly text: string;
  /** The listed machine, if it was found by name. */
  readonly machine: ListedTarget['machine'];
  readonly endpoint: Endpoint;
}

/** Reads what is known of the machine that was reached. Decides as the command that ssh asks, but keeps nothing. */
export async function knownKeys(checked: CheckedMachine, io: Io): Promise<KnownKeys> {
  const { typed, text, endpoint } = checked;
  const record = recordOf(checked, checked.resolution.machine ?? checked.machine, endpoint);
  const { withMachine } = await import('../identity/known-address.js');
  const keys = await machineKeys(await withMachine(record, io.env), { typed }, io.env);
  return {
    knownAs: knownAs(keys),
    async check({ type, fingerprint }) {
      const answer = await decideByAsking(factsFor(keys, fingerprint, 'accept-new'), {
        manager: async () =>
          (await import('../identity/manager-keys.js')).managerPrints(keys.reached, io, fingerprint),
        policy: async () => 'accept-new',
      });
      if (answer.do !== 'refuse') return;
      const { code, final, problem, hint } = refusalOf(answer.why, keys, text, io);
      throw new ConnectError('handshake', text, {
        code,
        final,
        problem: `ssh refuses the host key ${type} ${fingerprint}: ${problem}`,
        hint,
      });
    },
  };
}

function knownAs(keys: MachineKeys): KnownKeys['knownAs'] {
  if (keys.made) return { name: keys.made.keys.alias, path: keys.made.keys.knownHosts };
  const [pin] = pinsOf(keys);
  return pin && { name: pin.alias, path: keys.path };
}
