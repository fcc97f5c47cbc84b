import { definedFields } from '../group-by.js';
import type { Io } from '../process/io.js';
import type { ListedMachine } from '../sources/merge.js';
import { isJsonObject } from '../sources/tools/json.js';
import { readState, stateFile } from '../ssh/config/state.js';
import { checkUserName, hasControlCharacter } from '../target/names.js';
import { parseUuid } from '../target/numbers.js';
import type { Setting } from './setting.js';

/** The login that `vmssh setup` made for a machine: its Host gets it. */
export interface MachineLogin {
  readonly target: string;
  /** Another machine of that name has another login. */
  readonly uuid?: string;
  /** Undefined: the machine's own, by an sshd that is brought. */
  readonly user?: string;
  /** Undefined: the key is one of the agent's. */
  readonly identityFile?: string;
  /** Each login brings an sshd, if the machine has none. */
  readonly brings?: true;
  /** For `--undo`: setup pinned its host key. */
  readonly pinned?: true;
  /** For `--undo`: there were no lines for ssh before. */
  readonly first?: true;
}

/** Those of the last run: no option gives one. */
export const logins: Setting<readonly MachineLogin[], readonly MachineLogin[]> = {
  options: [],
  read: () => undefined,
  // Their fields in one order: the state is compared as text.
  format: (all) => (all.length === 0 ? {} : { logins: all.flatMap(parseLogin) }),
  parse: ({ logins: kept }) => (Array.isArray(kept) ? kept.flatMap(parseLogin) : []),
};

function parseLogin(json: unknown): readonly MachineLogin[] {
  if (!isJsonObject(json)) return [];
  const { target, user, identityFile, brings, uuid: id, pinned, first } = json;
  if (!isPlain(target) || !(isPlain(user) || (user === undefined && brings === true))) return [];
  try {
    if (user !== undefined) checkUserName(user);
  } catch {
    return [];
  }
  const known = {
    uuid: isPlain(id) ? parseUuid(id) : undefined,
    user,
    identityFile: isPlain(identityFile) ? identityFile : undefined,
    brings: brings === true ? brings : undefined,
    pinned: pinned === true ? pinned : undefined,
    first: first === true ? first : undefined,
  } as const;
  return [{ target, ...definedFields(known) }];
}

function isPlain(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length < 4096 && !hasControlCharacter(value);
}

/** The machines with their logins. */
export function withLogins(
  machines: readonly ListedMachine[],
  all: readonly MachineLogin[],
): readonly ListedMachine[] {
  if (all.length === 0) return machines;
  return machines.map((machine) => {
    const login = loginOf(machine, all);
    return login ? { ...machine, user: login.user, identityFile: login.identityFile } : machine;
  });
}

export function loginOf(
  { target, uuid }: Pick<ListedMachine, 'target' | 'uuid'>,
  all: readonly MachineLogin[],
): MachineLogin | undefined {
  return all.find((login) => login.target === target && login.uuid === uuid);
}

/** Those that are kept; `isFirst`: nothing was. */
export async function keptLogins({ env, platform }: Pick<Io, 'env' | 'platform'>) {
  const state = await readState(stateFile(env, platform));
  return { logins: logins.parse(state?.options ?? {}), isFirst: state === undefined, state };
}
