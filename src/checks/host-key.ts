import type { Io } from '../cli/command.js';
import type { Endpoint } from '../endpoint.js';
import { ConnectError } from '../errors.js';
import { decideByAsking, pinsOf, type Why } from '../identity/decide.js';
import { isNamed } from '../identity/identity.js';
import { reachedMachine } from '../identity/record.js';
import { asTarget } from '../kinds/parse.js';
import type { ListedTarget } from '../lookup/short-name.js';
import type { Reached } from '../reach/reach.js';
import { undoCommand } from '../ssh/guest-keys.js';
import type { HostKey } from '../ssh/handshake-result.js';
import { factsFor, type MachineKeys, machineKeys, nameToForget } from '../ssh/machine-keys.js';
import { type ShellPlace, shellOf, shellQuoted } from '../target/shell.js';

/** The host keys that ssh knows of a machine. */
export interface KnownKeys {
  /** A name that has keys. */
  readonly knownAs?: { readonly name: string; readonly path: string };
  /** Rejects with a ConnectError for a key that ssh will refuse whatever the policy is. */
  check(key: HostKey): Promise<void>;
}

export interface CheckedMachine {
  /** As typed, without a user. */
  readonly typed: string;
  /** Its target. */
  readonly text: string;
  /** The listed machine, if it was found by name. */
  readonly machine: ListedTarget['machine'];
  /** What was reached. */
  readonly resolution: Reached['resolution'];
  readonly endpoint: Endpoint;
}

/** Reads what is known of the machine that was reached. Decides as the command that ssh asks, but keeps nothing. */
export async function knownKeys(checked: CheckedMachine, io: Io): Promise<KnownKeys> {
  const { typed, text, endpoint } = checked;
  const found = checked.resolution.machine ?? checked.machine;
  const target = asTarget(text);
  const record = {
    text,
    machine: found && reachedMachine(found),
    address: target && !isNamed(target) ? endpoint : undefined,
  };
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
      throw refusal(answer.why, `ssh refuses the host key ${type} ${fingerprint}`, keys, io);
    },
  };
}

function knownAs(keys: MachineKeys): KnownKeys['knownAs'] {
  if (keys.made) return { name: keys.made.keys.alias, path: keys.made.keys.knownHosts };
  const [pin] = pinsOf(keys);
  return pin && { name: pin.alias, path: keys.path };
}

function refusal(why: Why, refused: string, { reached, made, path }: MachineKeys, io: Io): ConnectError {
  const { text } = reached;
  const fail = (code: string, problem: string, hint: string) =>
    new ConnectError('handshake', text, { code, final: true, problem: `${refused}: ${problem}`, hint });
  const forget = `if you expected this: vmssh forget ${shellQuoted(nameToForget(reached, text), shellOf(io))}`;
  switch (why) {
    case 'revoked':
      return fail(
        'HOST_KEY_REVOKED',
        `it is revoked in ${path}, or in your own known_hosts`,
        'give the machine another host key; vmssh forget keeps @revoked lines',
      );
    case 'not made':
      return fail(
        'HOST_KEY_CHANGED',
        'it is not the one that vmssh guest credentials made: the guest did not take it, or another machine answers',
        wrongKeyHint(made?.keys.name ?? text, io),
      );
    case 'not by manager':
      return fail(
        'HOST_KEY_CHANGED',
        'it is not one that its manager reads in the machine, so another one may answer for it',
        'vmssh check --verbose shows the way to it; in the machine: ssh-keyscan localhost',
      );
    case 'another machine':
      return fail('HOST_KEY_CHANGED', 'the name meant another machine until now', forget);
    default:
      return fail(
        'HOST_KEY_CHANGED',
        'it knows another key of this machine: the machine was reinstalled, or another one answers for it',
        forget,
      );
  }
}

/** What to do if a machine has another host key than the one made for it. */
export function wrongKeyHint(name: string, here: ShellPlace): string {
  const word = shellQuoted(name, shellOf(here));
  return `vmssh guest check --credentials ${word} HOST, over another route, says why; to trust the machine as it is: ${undoCommand(name, here)}`;
}
