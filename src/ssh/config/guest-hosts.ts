import { isPlainHostName } from '../../address/names.js';
import type { Kind } from '../../kinds/kind.js';
import type { GuestKeys } from '../guest-keys.js';
import type { HostOptions } from './host-options.js';

/** The options for a machine whose host key is known: they replace those for its UUID, where any first key is accepted. */
export function trustIn({ alias, knownHosts, identityFile }: GuestKeys): Pick<
  HostOptions,
  'hostKeyAlias' | 'knownHosts' | 'onlyKnown'
> & {
  readonly identityFile?: string;
} {
  const known = { hostKeyAlias: alias, knownHosts, onlyKnown: true };
  return identityFile === undefined ? known : { ...known, identityFile };
}

/** The targets with its name, as ssh is called with them: "qemu/web", "machine%web". None for a name with a pattern. */
export function namesOfGuest({ name }: Pick<GuestKeys, 'name'>, table: readonly Kind[]): readonly string[] {
  if (!isPlainHostName(name)) return [];
  const named = table.filter((kind) => kind.hostKey === 'machine' && kind.rest === 'name');
  return named.flatMap((kind) =>
    [...kind.separators].flatMap((separator) =>
      // "qemu:system/web"
      separator === ':'
        ? [`${kind.name}:*/${name}`, `${kind.name}:*%${name}`]
        : [`${kind.name}${separator}${name}`],
    ),
  );
}
