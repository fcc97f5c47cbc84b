import { sshPort } from '../address/numbers.js';
import { shellQuoted } from '../address/shell.js';
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

/**
 * A WSL2 distribution, by the id of WSL's virtual machine, which is started if necessary. Windows only. All distributions have the
 * same address: while another one runs, this one has to say that it listens there.
 */
export async function resolveWsl(
  distro: string,
  context: ResolveContext,
  known: WslKnowledge = knowledge,
): Promise<Resolution> {
  // The virtual machine may have to boot first.
  const deps = { env: context.env, signal: context.signal, timeoutMs: 30_000 };
  let all: readonly WslDistro[] = [];
  const list = async (deps: Deps) => {
    all = await known.list(deps);
    return all;
  };
  const provider = { ...wsl, list: (deps: Deps) => listWsl(deps, list) };
  const { name } = await findOne(provider, distro, { ...context, ...deps }, who);
  const answer = async () =>
    ({ outcome: 'found', machine: await known.ask(name, deps), warnings: [] }) as const;
  const state = await answerOf(answer(), context.signal);
  const { vmId, systemd, ports } = foundBy(state, distro, context.text, who);
  if (vmId === undefined) {
    throw new ConnectError('resolve', context.text, {
      code: 'NOT_FOUND',
      problem: `WSL does not report the id of the virtual machine of ${quote(name)}`,
      hint: 'wsl --update (WSL 2.5.10 and later report it), or use the id itself: hvsock:ID:vsock-22',
    });
  }
  const others = all.filter((each) => each.running && each.name !== name);
  if (others.length > 0 && !ports.includes(context.port))
    throw otherMayAnswer(name, others, systemd, context);
  return {
    endpoint: { family: 'hyper-v', vmId, serviceId: serviceId(context) },
    steps: [`WSL runs ${quote(name)} ${systemd ? 'with' : 'without'} systemd in the virtual machine ${vmId}`],
    ...(systemd ? {} : { recheck: async () => withoutSystemd(name) }),
  };
}

function otherMayAnswer(
  name: string,
  others: readonly WslDistro[],
  systemd: boolean,
  { text, port }: ResolveContext,
): ConnectError {
  const also = others.map((each) => quote(each.name)).join(', ');
  const ownPort = port === sshPort ? 2222 : port + 1;
  return new ConnectError('resolve', text, {
    code: 'AMBIGUOUS',
    problem: `${also} may answer instead: all running distributions share their vsock ports, and systemd in ${quote(name)} does not listen on port ${port}`,
    hint: systemd
      ? `give it a port of its own: vmssh guest install --port ${ownPort} ${shellQuoted(text)}, then -p ${ownPort}; or end the others by wsl --terminate`
      : withoutSystemd(name).hint,
  });
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
