import { nspawn } from '../discovery/nspawn/provider.js';
import { quote } from '../errors.js';
import { findOne } from './found-by.js';
import type { Resolution, ResolveContext } from './resolution.js';

/** An nspawn container by the socket it exports, without asking systemd-machined. */
export async function resolveContainer(name: string, context: ResolveContext): Promise<Resolution> {
  const container = await findOne(nspawn, name, context, {
    missing: `no container ${quote(name)} exports an SSH socket`,
    hints: {
      unknown:
        'the container needs systemd 256 or later and sshd, and systemd-nspawn 256 or later on this host: machinectl list',
    },
  });
  const { path } = container;
  return {
    endpoint: { family: 'unix', path },
    steps: [`container ${quote(container.name)} exports ${path}`],
  };
}
