import { findExport } from '../discovery/nspawn.js';
import { ConnectError, quote, quoteNames } from '../errors.js';
import type { Resolution, ResolveContext } from './resolution.js';

/** An nspawn container by the socket that it exports, without asking systemd-machined. */
export async function resolveContainer(name: string, context: ResolveContext): Promise<Resolution> {
  const search = await findExport(name, context);
  switch (search.outcome) {
    case 'found': {
      const { path } = search.export;
      return {
        endpoint: { family: 'unix', path },
        steps: [`container ${quote(search.export.name)} exports ${path}`],
      };
    }
    case 'refused':
      throw new ConnectError('parse', context.text, { code: 'USAGE', problem: search.problem });
    case 'ambiguous':
      throw new ConnectError('resolve', context.text, {
        code: 'AMBIGUOUS',
        problem: `${quote(name)} may be ${quoteNames(search.names, ' or ')}`,
        hint: 'type the name in its own case',
      });
    case 'not-found': {
      const known = search.known.length > 0 ? `; containers with one: ${quoteNames(search.known, ', ')}` : '';
      const unread = search.failures
        .map(({ path, code }) => `; ${path} could not be read (${code})`)
        .join('');
      throw new ConnectError('resolve', context.text, {
        code: 'NOT_FOUND',
        problem: `no container ${quote(name)} exports an SSH socket: looked for ${search.tried.join(', ')}${known}${unread}`,
        hint: 'the container needs systemd 256 or later and sshd, and systemd-nspawn 256 or later on this host: machinectl list',
      });
    }
  }
}
