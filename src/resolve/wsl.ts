import type { Deps } from '../discovery/provider.js';
import { answerOf } from '../discovery/search.js';
import { listWsl, wsl } from '../discovery/wsl/provider.js';
import { askDistro, listDistros, type WslDistro, type WslState } from '../discovery/wsl/wsl.js';
import { ConnectError, quote } from '../errors.js';
import { type Asked, findOne, foundBy } from './found/found-by.js';
import { serviceId } from './hyper-v.js';
import type { Recheck, Resolution, ResolveContext } from './resolution.js';

/** The queries to WSL. */
export interface WslKnowledge {
  readonly list: (deps: Deps) => Promise<readonly WslDistro[]>;
  readonly ask: (name: string, deps: Deps) => Promise<WslState>;
}

const knowledge: WslKnowledge = {
  list: (deps) => listDistros(deps),
  ask: (name, deps) => askDistro(name, deps),
};

/** A WSL2 distribution, by the id of WSL's virtual machine, which is started if necessary. Windows only. */
export async function resolveWsl(
  distro: string,
  context: ResolveContext,
  known: WslKnowledge = knowledge,
): Promise<Resolution> {
  // The virtual machine may have to boot first.
  const deps = { env: context.env, signal: context.signal, timeoutMs: 30_000 };
  const provider = { ...wsl, list: (deps: Deps) => listWsl(deps, known.list) };
  const { name } = await findOne(provider, distro, { ...context, ...deps }, who);
  const answer = async () =>
    ({ outcome: 'found', machine: await known.ask(name, deps), warnings: [] }) as const;
  const state = await answerOf(answer(), context.signal);
  const { vmId, systemd } = foundBy(state, distro, context.text, who);
  if (vmId === undefined) {
    throw new ConnectError('resolve', context.text, {
      code: 'NOT_FOUND',
      problem: `WSL does not report the id of the virtual machine of ${quote(name)}`,
      hint: 'wsl --update (WSL 2.5.10 and later report it), or use the id itself: hvsock:ID:vsock-22',
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

const who: Asked = {
  title: wsl.title,
  hints: { unknown: 'see wsl --list --online, and wsl --install', unavailable: 'see wsl --status' },
};
