import { asTarget } from '../../kinds/parse.js';
import { guestKeysOf, madeHostKey } from '../../ssh/guest-keys.js';
import { isNamed } from '../../ssh/identity.js';
import { nameOf } from '../../target/target.js';

type Env = Readonly<Record<string, string | undefined>>;

/** The host key that `guest credentials` made for a machine, given by its name or a target with one; undefined if none. */
export function madeKeyOf(host: string, env: Env): string | undefined {
  const name = machineNameIn(host);
  return name === '' ? undefined : madeHostKey(name, env);
}

/** The private login key that it made, or undefined. */
export function madeLoginKeyOf(host: string, env: Env): string | undefined {
  const name = machineNameIn(host);
  return name === '' ? undefined : guestKeysOf(name, env)?.identityFile;
}

function machineNameIn(host: string): string {
  const target = asTarget(host);
  return target && isNamed(target) ? nameOf(target) : host;
}
