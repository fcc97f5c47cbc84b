import type { NamedTarget } from '../target/target.js';
import { parseName } from '../target/text.js';
import type { Kind } from './kind.js';

/** container/NAME: an nspawn container by the socket it exports, without systemd-machined; else one of another manager. */
export const containerKind: Kind<NamedTarget<'container'>> = {
  name: 'container',
  form: 'container/NAME',
  summary: 'a container: of systemd-nspawn by the socket it exports, else of Podman or Docker',
  separators: '/%',
  rest: 'name',
  from: 'linux',
  takesPort: false,
  hostKey: 'machine',
  sameMachinesAs: 'machine',
  providers: ['machined', 'nspawn', 'podman', 'docker'],
  parse: ({ rest }) => ({ kind: 'container', name: parseName(rest, 'container name') }),
  async resolve({ name }, context) {
    return (await import('../resolve/container.js')).resolveContainer(name, context);
  },
};
