import { type ShellPlace, shellOf, shellQuoted } from '../../address/shell.js';
import { asTarget } from '../../kinds/parse.js';
import { type GuestKeys, guestKeysOf, madeHostKey } from '../../ssh/guest-keys.js';
import { isNamed } from '../../ssh/identity.js';
import { nameOf } from '../../target/target.js';

type Env = Readonly<Record<string, string | undefined>>;

/** The host key that `guest credentials` made for a machine, given by its name or a target with one; undefined if none. */
export function madeKeyOf(host: string, env: Env): string | undefined {
  const name = machineNameIn(host);
  return name === '' ? undefined : madeHostKey(name, env);
}

/** All that it made for such a machine; undefined: nothing. */
export function madeKeysOf(host: string, env: Env): GuestKeys | undefined {
  const name = machineNameIn(host);
  return name === '' ? undefined : guestKeysOf(name, env);
}

/** The command that removes the keys of a machine, and so the trust in them. */
export function undoCommand(name: string, here: ShellPlace): string {
  return `vmssh guest credentials --undo ${shellQuoted(name, shellOf(here))}`;
}

function machineNameIn(host: string): string {
  const target = asTarget(host);
  return target && isNamed(target) ? nameOf(target) : host;
}
