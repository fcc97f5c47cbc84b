import { asTarget } from '../../kinds/parse.js';
import { madeHostKey } from '../../ssh/guest-keys.js';
import { isNamed } from '../../ssh/identity.js';
import { nameOf } from '../../target/target.js';

type Env = Readonly<Record<string, string | undefined>>;

/** The host key that `guest credentials` made for a machine, given by its name or a target with one; undefined if none. */
export function madeKeyOf(host: string, env: Env): string | undefined {
  const target = asTarget(host);
  const name = target && isNamed(target) ? nameOf(target) : host;
  return name === '' ? undefined : madeHostKey(name, env);
}
