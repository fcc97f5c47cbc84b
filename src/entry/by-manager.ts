import { ConnectError, quote } from '../base/errors.js';
import { madeLogin } from '../book/logins.js';
import type { Meant } from '../guest/script.js';
import { isNamed, resolveTarget } from '../kinds/kinds.js';
import type { Io } from '../process/io.js';
import { lookUp, splitUser } from '../reach/login.js';
import type { ListedTarget } from '../reach/short-name.js';
import { managerExec } from '../sources/as-root.js';
import type { ListedMachine } from '../sources/merge.js';
import { reachedMachine } from '../sources/source.js';
import { ownEnv } from '../sources/trusted-env.js';
import { withToolFolders } from '../sources/trusted-path.js';
import { parseUuid, sshPort } from '../typed/numbers.js';
import { type Shell, shellOf, shellQuoted } from '../typed/shell.js';
import type { ManagerEntry } from './entry.js';

/** The way in by the machine's manager, with the user that setup or the manager made. `find`: for a machine that was found already. `sudo`: goes by sudo where the manager takes only root. Throws a ConnectError. */
export async function byManager(
  { host: typed, sshConfig }: { readonly host: string; readonly sshConfig?: string | undefined },
  io: Io,
  signal: AbortSignal,
  find: (host: string) => Promise<ListedTarget> = (host) => lookUp(host, io, signal),
  sudo?: 'asks' | 'never asks',
): Promise<ManagerEntry> {
  const { user, host } = splitUser(typed);
  const { text, target, machine } = await find(host);
  const { env, platform } = io;
  // The target's own error, if nobody has it.
  if (!machine && isNamed(target))
    await resolveTarget(target, { text, port: sshPort, signal, env, platform });
  const reached = machine && reachedMachine(machine);
  const deps = { env, platform, signal };
  const direct = reached && (await managerExec(reached, deps));
  const mayAsk = sudo && reached && !direct && reached.authority !== 'user';
  const bySudo = mayAsk ? await managerExec(reached, deps, 0) : undefined;
  const account = user ?? (await madeLogin(machine, io))?.user;
  const common = {
    host: account === undefined ? text : `${account}@${text}`,
    sshConfig,
    meant: machine && meantOf(machine, direct?.by === 'agent'),
    env: {
      ...withToolFolders(ownEnv(env), platform),
      ...{ LC_ALL: 'C', SUDO_PROMPT: '[sudo] to go in as root, password for %p: ' },
    },
  };
  if (direct) return { ...direct, ...common };
  const asks = sudo === 'asks';
  const words = ['sudo', ...(asks ? [] : ['-n']), '--'];
  if (bySudo?.by === 'exec') return { by: 'exec', command: [...words, ...bySudo.command], asks, ...common };
  throw new ConnectError('resolve', host, {
    code: 'NO_EXEC',
    final: true,
    problem: machine
      ? `${machine.provider} starts no program as root in ${quote(machine.name)} for this user`
      : `no manager lists ${quote(text)}, so none can start a program there`,
    hint: `${otherWayIn({ machine, target, text }, shellOf(io))}; or run what vmssh guest print prints on its console, as root`,
  });
}

function meantOf({ dmiUuid, uuid }: ListedMachine, byAgent: boolean): Meant | undefined {
  if (!byAgent && dmiUuid === undefined) return undefined;
  const isAgent = dmiUuid === undefined;
  const otherFix = isAgent
    ? 'give each agent a socket of its own: virsh edit'
    : 'see its "exec" and "dmiUuid"';
  const unprovedFix = 'log in to it: HOST without --by exec';
  return { uuid: parseUuid(dmiUuid ?? uuid ?? ''), otherFix, unprovedFix };
}

/** How a person goes in where no manager does. Root's machined starts programs in a container, and in no VM. */
function otherWayIn({ machine, target, text }: ListedTarget, shell: Shell): string {
  const quoted = shellQuoted(text, shell);
  const login = `log in to it: vmssh setup --user NAME ${quoted}`;
  if (!machine && target.kind === 'via')
    return `list it first: vmssh config install --via ${shellQuoted(target.host, shell)}; then ${login}`;
  if (!machine) return `log in to it: vmssh guest install --key FILE USER@${quoted}`;
  const byRoot = machine.provider === 'machined' && machine.cid === undefined;
  return byRoot ? `if it is a container, run it with sudo; else ${login}` : login;
}
