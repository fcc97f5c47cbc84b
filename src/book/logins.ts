import { join } from 'node:path';
import { readText } from '../files/read-file.js';
import { definedFields } from '../group-by.js';
import type { Here } from '../runtime.js';
import type { ListedMachine } from '../sources/merge.js';
import type { JsonObject } from '../sources/tools/json.js';
import { optionsIn } from '../ssh/config/file.js';
import { sshFolder } from '../ssh/folder.js';
import { isPlainHostName } from '../typed/names.js';
import { parseUuid } from '../typed/numbers.js';
import { keptFor, type Listed } from './same.js';
import { plainText, userOf, writtenState } from './state.js';

/** As whom to log in to a machine, and with which key. */
interface Account {
  /** Undefined: the machine's own, by an sshd that is brought. */
  readonly user?: string;
  /** Undefined: the key is one of the agent's. */
  readonly identityFile?: string;
  /** Each login brings an sshd, if the machine has none. */
  readonly brings?: true;
}

/** The login that `vmssh setup` made for a machine: its Host gets it. */
export interface MachineLogin extends Account {
  readonly target: string;
  /** Another machine of that name has another login. */
  readonly uuid?: string;
  /** A name that the user gave to it, though it was in known_hosts or in a Host of his. */
  readonly takes?: string;
  /** For `--undo`: its key was put there by a login of that user. */
  readonly byLogin?: true;
  /** And by sudo there. */
  readonly bySudo?: true;
  /** For `--undo`: setup pinned its host key. */
  readonly pinned?: true;
  /** For `--undo`: there were no lines for ssh before. */
  readonly first?: true;
  /** Only for `--undo`: sshd refused it. */
  readonly failed?: true;
}

/** The logins of the last run, as a setting of `config install`: no option gives one. */
export const logins = {
  fields: ['logins'],
  options: [],
  read: (): readonly MachineLogin[] | undefined => undefined,
  // Fields in one order: the state is compared as text.
  format: (all: readonly MachineLogin[]) => (all.length === 0 ? {} : { logins: all.flatMap(parseLogin) }),
  parse: ({ logins: kept }: JsonObject) => (Array.isArray(kept) ? kept.flatMap(parseLogin) : []),
};

const flags = ['brings', 'byLogin', 'bySudo', 'pinned', 'first', 'failed'];

function parseLogin(json: unknown): readonly MachineLogin[] {
  const { target: to, user: name, uuid, identityFile, takes, ...others }: JsonObject = Object(json);
  const [target, user] = [plainText(to), userOf(plainText(name))];
  if (target === undefined || (user === undefined && (name !== undefined || others.brings !== true)))
    return [];
  const known = {
    ...{ uuid: parseUuid(plainText(uuid) ?? ''), user, identityFile: plainText(identityFile) },
    takes: typeof takes === 'string' && isPlainHostName(takes) ? takes : undefined,
  };
  // Fields of a newer version stay.
  const more = Object.entries(others).filter(([field, value]) => value === true || !flags.includes(field));
  return [{ target, ...definedFields(known), ...Object.fromEntries(more) }];
}

/** `others`: those that were not asked for, and stay. */
export function withLogins(
  machines: readonly ListedMachine[],
  all: readonly MachineLogin[],
  others: readonly Listed[],
) {
  const loginOf = loginsFor(all, [...machines, ...others]);
  return machines.map((machine) => {
    const login = loginOf(machine);
    return login ? { ...machine, user: login.user, identityFile: login.identityFile } : machine;
  });
}

/** The login that a machine's Host gets. */
export function loginsFor(all: readonly MachineLogin[], listed: readonly Listed[]) {
  const keptOf = keptFor(all, listed);
  return (machine: Listed): MachineLogin | undefined => {
    const login = keptOf(machine);
    return login?.failed ? undefined : login;
  };
}

/** The one that is kept for a machine, else what its manager made. */
export async function madeLogin(
  machine: (Listed & Account) | undefined,
  io: Here,
): Promise<Account | undefined> {
  const kept = await keptLogin(machine, io);
  return kept && !kept.failed ? kept : machine;
}

/** The login that setup made for a machine, also one that sshd refused. */
export async function keptLogin(machine: Listed | undefined, io: Here): Promise<MachineLogin | undefined> {
  return machine && keptAmong(await keptLogins(io), machine);
}

/** The login that is kept for a machine, where all logins are read already. */
export function keptAmong({ logins: all, state }: KeptLogins, machine: Listed): MachineLogin | undefined {
  const listed = state?.machines.filter(({ gone }) => gone === undefined) ?? [];
  return keptFor(all, listed)(machine);
}

type KeptLogins = Awaited<ReturnType<typeof keptLogins>>;

/** The logins that are kept, also of a state that is lost; `isFirst`: nothing was kept. */
export async function keptLogins({ env, platform }: Here) {
  const state = await writtenState({ env, platform });
  const file = join(sshFolder(env, platform), 'vmssh.conf');
  const own = state ? '' : await readText(file).catch(() => undefined);
  const options = state?.options ?? optionsIn(own);
  return { logins: logins.parse(options), isFirst: own === undefined, state, options };
}
