import { outsideLines } from '../sources/outside/file.js';
import { machineName, type SourceEntry, sources } from '../sources/sources.js';
import type { NamedTarget, OutsideTarget } from '../target/target.js';
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

/** SOURCE/NAME: a machine of a source that the user or root has added. Its words are read only for a text that is of no other kind. */
export const outsideKind: Kind<OutsideTarget> = {
  name: 'outside',
  words: () => outsideLines().lines.map(({ name }) => name),
  form: 'SOURCE/NAME',
  summary: 'a machine of a source of your own: docs/sources.md',
  separators: '/%',
  rest: 'name',
  from: 'linux-mac',
  takesPort: true,
  hostKey: 'machine',
  network: true,
  providers: [],
  parse: ({ word, rest }) => ({ kind: 'outside', source: word, name: machineName(rest) }),
  async resolve({ source, name }, context) {
    const line = outsideLines().lines.find((each) => each.name === source);
    const [{ findMachine }, { outsideSource }] = await Promise.all([
      import('../sources/find.js'),
      import('../sources/outside/outside.js'),
    ]);
    return findMachine(line ? [async () => outsideSource(line)] : [], name, context);
  },
};
