import { nspawn } from '../discovery/machined/nspawn.js';
import { quote } from '../errors.js';
import { type Asked, machineOrThrow, refuseIfSilent, searchProvider } from './find-machine.js';
import type { Resolution, ResolveContext } from './resolution.js';

/** A container: of nspawn by the socket that it exports, else of whichever manager has one of this name. */
export async function resolveContainer(name: string, context: ResolveContext): Promise<Resolution> {
  const exported = await findExport(name, context);
  if (exported.outcome !== 'unknown') return byExport(exported, name, context);
  const { containersOfManagers, resolveManagedMachine } = await import('./managed.js');
  const search = await containersOfManagers(name, context);
  if (search.outcome !== 'unknown') {
    const machine = machineOrThrow(search, name, context.text, askedFor(name));
    refuseIfSilent(machine, name, context.text, search.outcome === 'found' ? search.warnings : []);
    return resolveManagedMachine(machine, machine.manager, context);
  }
  const known = [...new Set([...exported.known, ...search.known])];
  const warnings = [...exported.warnings, ...search.warnings];
  return byExport({ ...exported, known, warnings }, name, context);
}

/** An nspawn container by the socket that it exports, without asking systemd-machined. */
export async function resolveExport(name: string, context: ResolveContext): Promise<Resolution> {
  return byExport(await findExport(name, context), name, context);
}

type Found = Awaited<ReturnType<typeof findExport>>;

async function findExport(name: string, context: ResolveContext) {
  const search = await searchProvider(nspawn, name, context);
  context.signal?.throwIfAborted();
  return search;
}

function byExport(search: Found, name: string, { text }: ResolveContext): Resolution {
  const container = machineOrThrow(search, name, text, askedFor(name));
  const { path } = container;
  return {
    machine: container,
    endpoint: { family: 'unix', path },
    steps: [`container ${quote(container.name)} exports ${path}`],
  };
}

function askedFor(name: string): Asked {
  return {
    title: nspawn.title,
    missing: `no container ${quote(name)} exports an SSH socket`,
    hints: {
      unknown:
        'the container needs systemd 256 or later and sshd, and systemd-nspawn 256 or later on this host: machinectl list',
    },
  };
}
