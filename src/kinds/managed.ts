import { machineName, type SourceEntry, sources } from '../sources/sources.js';
import type { NamedTarget } from '../target/target.js';
import type { Kind } from './kind.js';

type Managed = Extract<(typeof sources)[number], { readonly machines: string }>;

/** The kinds of the sources whose machines are typed NAME/MACHINE. */
export const managedKinds = sources
  .filter((each): each is Managed => 'machines' in each)
  .map((each) => managed<Managed['name']>(each));

/** NAME/MACHINE: a machine by its name in its source. */
export function managed<Name extends string>({
  name,
  machines = '',
  form = `${name}/NAME`,
  ofProcess,
  parse = machineName,
  load,
}: SourceEntry & { readonly name: Name }): Kind<NamedTarget<Name>> {
  return {
    name,
    form,
    summary: machines,
    separators: '/%',
    rest: 'name',
    from: ofProcess ? 'linux' : 'linux-mac',
    takesPort: true,
    hostKey: 'machine',
    ...(ofProcess ? { keyHasOwner: true } : { network: true }),
    providers: [name],
    parse: ({ rest }) => ({ kind: name, name: parse(rest) }),
    async resolve(target, context) {
      const { findMachine } = await import('../sources/find.js');
      return findMachine([load], target.name, context);
    },
  };
}
