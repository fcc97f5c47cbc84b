import { DiscoveryError } from '../discovery/discovery-error.js';
import { matchName } from '../discovery/match-name.js';
import type { Deps } from '../discovery/provider.js';
import { askDistro, listDistros, type WslDistro, type WslState } from '../discovery/wsl.js';
import { ConnectError, quote } from '../errors.js';
import { ambiguousName, unknownName } from './found.js';
import { serviceId } from './hyper-v.js';
import type { Recheck, Resolution, ResolveContext } from './resolution.js';

/** What is asked of WSL. */
export interface WslKnowledge {
  readonly list: (deps: Deps) => Promise<readonly WslDistro[]>;
  readonly ask: (name: string, deps: Deps) => Promise<WslState>;
}

const wsl: WslKnowledge = {
  list: (deps) => listDistros(deps),
  ask: (name, deps) => askDistro(name, deps),
};

/** A distribution of WSL2: by the id of WSL's virtual machine, which is started where it does not run. Windows alone. */
export async function resolveWsl(
  distro: string,
  context: ResolveContext,
  known: WslKnowledge = wsl,
): Promise<Resolution> {
  // The virtual machine may have to boot first.
  const deps = { env: context.env, signal: context.signal, timeoutMs: 30_000 };
  const name = await nameOf(distro, context, await asked(known.list(deps), context));
  const { vmId, systemd } = await asked(known.ask(name, deps), context);
  if (vmId === undefined) {
    throw new ConnectError('resolve', context.text, {
      ...{ code: 'NOT_FOUND', problem: `WSL does not tell the id of the virtual machine of ${quote(name)}` },
      hint: 'wsl --update (it tells since WSL 2.5.10), or use the id itself: hvsock:ID:vsock-22',
    });
  }
  return {
    endpoint: { family: 'hyper-v', vmId, serviceId: serviceId(context) },
    steps: [`WSL runs ${quote(name)} ${systemd ? 'with' : 'without'} systemd in the virtual machine ${vmId}`],
    ...(systemd ? {} : { recheck: async () => withoutSystemd(name) }),
  };
}

function withoutSystemd(name: string): Recheck {
  return {
    problem: `${quote(name)} runs without systemd, so nothing listens on its vsock ports`,
    hint: 'in the distribution put the lines [boot] and systemd=true into /etc/wsl.conf, then on Windows: wsl --shutdown',
  };
}

async function nameOf(
  distro: string,
  context: ResolveContext,
  distros: readonly WslDistro[],
): Promise<string> {
  const all = distros.map(({ name }) => name);
  const [name, ...others] = matchName(distro, all);
  if (name === undefined) {
    throw unknownName('WSL2', distro, all, [], context, 'see wsl --list --online, and wsl --install');
  }
  if (others.length > 0) throw ambiguousName(distro, [name, ...others], context);
  return name;
}

async function asked<T>(answer: Promise<T>, context: ResolveContext): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    context.signal?.throwIfAborted();
    if (!(error instanceof DiscoveryError)) throw error;
    throw new ConnectError('resolve', context.text, {
      ...{ code: 'NOT_FOUND', problem: `WSL could not be asked: ${error.message}`, cause: error },
      hint: 'see wsl --status',
    });
  }
}
