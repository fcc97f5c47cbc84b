import { dirname, join } from 'node:path';
import type { Io } from '../../cli/command.js';
import { printable } from '../../errors.js';
import { editFile } from '../../files/edit-file.js';
import { readBytes } from '../../files/read-file.js';
import { isFor, type KeyLine, linesOf, nameBytes, parseLine } from '../../host-keys/lines.js';
import { type LoopbackKey, withLoopbackKeys } from '../../host-keys/loopback-lines.js';
import { aliasOf } from '../../ssh/config/entry-hosts.js';
import { withOwnUuids } from '../../ssh/config/same-uuid.js';
import { type HostEntry, type HostState, readState } from '../../ssh/config/state.js';
import { allGuestKeys } from '../../ssh/guest-keys.js';
import { knownHostsFile, writtenStateFile } from '../../ssh/known-hosts-file.js';
import type { Change } from '../change.js';
import { fileError } from '../files.js';

/** The file that programs with an SSH client of their own read: the user's, in which some lines are ours. */
export function userKnownHostsFile(env: Io['env']): string {
  return join(dirname(knownHostsFile(env)), 'known_hosts');
}

/**
 * Brings our lines in the user's known_hosts up to date: the key of each machine with a loopback port, if it is known, under that port. Without
 * a state, or with one without such ports, they are removed. Resolves to whether anything changed. Never fails: it prints a warning.
 */
export async function writeLoopbackKeys(state: HostState | undefined, io: Io): Promise<boolean> {
  const { env } = io;
  const file = userKnownHostsFile(env);
  try {
    const keys = await keysOf(state, env);
    let changed = false;
    const edit = (old: Buffer | undefined) => {
      const bytes = withLoopbackKeys(old, keys);
      changed = bytes !== old;
      return bytes;
    };
    await editFile(file, edit, 0o600);
    return changed;
  } catch (error) {
    const { message } = fileError(error as NodeJS.ErrnoException, file, 'changed');
    io.err(`${io.program}: warning: ${printable(message)}\n`);
    return false;
  }
}

/** What it would change, to be shown; undefined if nothing. */
export async function loopbackKeysChange(
  state: HostState | undefined,
  { env }: Io,
): Promise<Change | undefined> {
  const path = userKnownHostsFile(env);
  const old = await readBytes(path).catch(() => undefined);
  const bytes = withLoopbackKeys(old, await keysOf(state, env));
  return bytes === old ? undefined : { path, before: old?.toString(), after: bytes?.toString(), mode: 0o600 };
}

/** The same for the state that is written now, if machines have loopback ports: resolves to whether they do. */
export async function keepLoopbackKeys(io: Io): Promise<boolean> {
  const state = await readState(writtenStateFile(io.env));
  if (state?.options.loopback === undefined) return false;
  await writeLoopbackKeys(state, io);
  return true;
}

/** The machines with a loopback port whose host key ssh does not know yet. */
export async function withoutKey(state: HostState, env: Io['env']): Promise<readonly HostEntry[]> {
  const all = await withKeys(state, env);
  return all.filter(({ keys, isMade }) => keys.length === 0 && !isMade).map(({ machine }) => machine);
}

async function keysOf(state: HostState | undefined, env: Io['env']): Promise<readonly LoopbackKey[]> {
  return (await withKeys(state, env)).flatMap(({ keys }) => keys);
}

/** A machine with a loopback port and an identity. */
interface WithKeys {
  readonly machine: HostEntry;
  readonly keys: readonly LoopbackKey[];
  /** Whether `guest credentials` made its host key. */
  readonly isMade: boolean;
}

async function withKeys(state: HostState | undefined, env: Io['env']): Promise<readonly WithKeys[]> {
  if (state?.options.loopback === undefined) return [];
  const common = await keyLines(knownHostsFile(env));
  const made = new Map(allGuestKeys(env).map((keys) => [keys.name, keys]));
  const all = await Promise.all(
    withOwnUuids(state.machines).machines.map(async (machine) => {
      const { loopback: port, name, via } = machine;
      const own = via === undefined ? made.get(name) : undefined;
      const alias = own?.alias ?? aliasOf(machine);
      if (port === undefined || alias === undefined) return [];
      const lines = own ? await keyLines(own.knownHosts) : common;
      const keys = acceptedKeys(lines, alias).map(({ type, key }) => ({ port, type, key }));
      return [{ machine, keys, isMade: own !== undefined }];
    }),
  );
  return all.flat();
}

/** Those under which ssh would log in now. */
function acceptedKeys(lines: readonly KeyLine[], alias: string): readonly KeyLine[] {
  const own = lines.filter(({ hosts }) => isFor(nameBytes(alias), hosts));
  const revoked = new Set(own.filter(({ marker }) => marker === '@revoked').map(({ key }) => key));
  return own.filter(({ marker, key }) => marker === undefined && !revoked.has(key));
}

/** An unreadable file counts as missing, as it does for ssh. */
async function keyLines(path: string): Promise<readonly KeyLine[]> {
  const bytes = await readBytes(path).catch(() => Buffer.alloc(0));
  return linesOf(bytes).flatMap((line) => parseLine(line) ?? []);
}
