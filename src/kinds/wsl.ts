import type { NamedTarget } from '../target/target.js';
import { parseName } from '../target/text.js';
import type { Kind } from './kind.js';

/** wsl/DISTRO: a WSL2 distribution. */
export const wslKind: Kind<NamedTarget<'wsl'>> = {
  name: 'wsl',
  form: 'wsl/DISTRO',
  summary: 'a WSL2 distribution (from Windows)',
  separators: '/%',
  rest: 'name',
  from: 'windows',
  takesPort: true,
  hostKey: 'machine',
  providers: ['wsl'],
  parse: ({ rest }) => ({ kind: 'wsl', name: parseName(rest, 'distribution name') }),
  async resolve({ name }, context) {
    return (await import('../resolve/windows.js')).resolveWsl(name, context);
  },
};
