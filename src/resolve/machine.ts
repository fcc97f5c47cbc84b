import { findMachine, type MachineSearch, type ScopeFailure } from '../discovery/machined.js';
import { type Reach, reach } from '../discovery/reach.js';
import { ConnectError, quote, quoteNames } from '../errors.js';
import { resolveContainer } from './container.js';
import type { Resolution, ResolveContext } from './resolution.js';
import { resolveSshAddress } from './ssh-address.js';

/** A machine of systemd-machined: its exported socket, its CID, or the SSH address that it registered. */
export async function resolveMachine(name: string, context: ResolveContext): Promise<Resolution> {
  const search = await findMachine(name, context);
  context.signal?.throwIfAborted();
  if (search.outcome !== 'found') throw notFound(search, name, context);
  const { machine } = search;
  const by = `systemd-machined (${machine.scope}) knows ${machine.class} ${quote(machine.name)}`;
  const { endpoint, steps } = await follow(reach(machine, context.port), context);
  return {
    endpoint,
    steps: [by, ...steps],
    ...(machine.sshPrivateKeyPath === undefined ? {} : { identityFile: machine.sshPrivateKeyPath }),
  };
}

async function follow(way: Reach, context: ResolveContext): Promise<Resolution> {
  switch (way.via) {
    case 'vsock':
      return { endpoint: way.endpoint, steps: [`it has the vsock CID ${way.endpoint.cid}`] };
    case 'export':
      return followExport(way.name, way.otherwise, context);
    case 'sshAddress':
      return resolveSshAddress(way.address, context);
    case 'none':
      throw new ConnectError('resolve', context.text, {
        code: 'NOT_FOUND',
        problem: way.reason,
        hint: 'register it with a vSockCid or an sshAddress, or reach it by its socket: unix/PATH',
      });
  }
}

// An older systemd-nspawn exports nothing; what registered the container may know another way.
async function followExport(name: string, otherwise: Reach, context: ResolveContext): Promise<Resolution> {
  try {
    return await resolveContainer(name, context);
  } catch (error) {
    const isMissing = error instanceof ConnectError && error.code === 'NOT_FOUND';
    if (!isMissing || otherwise.via === 'none') throw error;
    const { steps, ...found } = await follow(otherwise, context);
    return { ...found, steps: ['it exports no SSH socket', ...steps] };
  }
}

function notFound(
  search: Exclude<MachineSearch, { outcome: 'found' }>,
  name: string,
  context: ResolveContext,
): ConnectError {
  const fail = (code: string, problem: string, hint: string) =>
    new ConnectError('resolve', context.text, { code, problem, hint });
  switch (search.outcome) {
    case 'refused':
      return new ConnectError('parse', context.text, { code: 'USAGE', problem: search.problem });
    case 'ambiguous':
      return fail(
        'AMBIGUOUS',
        `${quote(name)} may be ${quoteNames(search.names, ' or ')}`,
        'type the name in its own case, or the machine id',
      );
    case 'not-found': {
      const known =
        search.known.length > 0 ? `it knows ${quoteNames(search.known, ', ')}` : 'it knows no machine at all';
      return fail(
        'NOT_FOUND',
        `systemd-machined has no machine ${quote(name)}: ${known}${told(search.failures)}`,
        'see machinectl list; a machine that boots: --wait; a container without machined: container/NAME',
      );
    }
    case 'no-machined':
      return search.failures.every(({ code }) => code === 'ENOENT')
        ? fail(
            'NOT_FOUND',
            'systemd-machined does not run here, or is older than 257',
            'apt-get install systemd-container && systemctl start systemd-machined; with an older one reach the machine by vsock/CID or unix/PATH',
          )
        : fail(
            'NOT_FOUND',
            `systemd-machined could not be asked${told(search.failures)}`,
            'see systemctl status systemd-machined',
          );
  }
}

function told(failures: readonly ScopeFailure[]): string {
  const news = failures.filter(({ code }) => code !== 'ENOENT');
  return news.map(({ scope, code, problem }) => `; the ${scope}'s: ${problem} (${code})`).join('');
}
