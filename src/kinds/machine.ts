import type { NamedTarget, UnixTarget } from '../target/target.js';
import { parseName } from '../target/text.js';
import { isDotHost, thisHost } from './dot-host.js';
import type { Kind } from './kind.js';

/** machine/NAME: a machine of systemd-machined. */
export const machineKind: Kind<NamedTarget<'machine'> | UnixTarget> = {
  name: 'machine',
  form: 'machine/NAME',
  summary: 'a VM or container registered with systemd-machined',
  separators: '/%',
  rest: 'name',
  from: 'linux',
  takesPort: true,
  hostKey: 'machine',
  providers: ['machined', 'nspawn'],
  parse: ({ rest }) =>
    isDotHost(rest) ? thisHost : { kind: 'machine', name: parseName(rest, 'machine name') },
  async resolve(target: NamedTarget<'machine'>, context) {
    return (await import('../resolve/machine.js')).resolveMachine(target.name, context);
  },
};
