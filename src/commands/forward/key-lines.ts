import type { Io } from '../../cli/command.js';
import { printable } from '../../errors.js';
import { readBytes } from '../../files/read-file.js';
import { hostKeyAlias } from '../../identity/identity.js';
import { isFor, linesOf, nameBytes, parseLine } from '../../identity/known-hosts.js';
import type { TypedTarget } from '../../kinds/parse.js';
import { lookUp } from '../../lookup/find-target.js';
import type { ListedTarget } from '../../lookup/short-name.js';
import { knownHostsFile } from '../../ssh/folder.js';
import { guestKeysFor } from '../../ssh/guest-keys.js';
import { sshPort } from '../../target/numbers.js';
import { shellLine, shellOf } from '../../target/shell.js';
import type { Local } from './local.js';

type TcpLocal = Extract<Local, { readonly family: 'inet' }>;

/** Prints the lines by which a client that knows only host and port accepts this machine and no other. */
export async function printKeys(found: TypedTarget, local: TcpLocal, io: Io): Promise<void> {
  const say = (text: string) => io.err(`${io.program}: ${printable(text)}\n`);
  const named: ListedTarget = await lookUp(found.text, io).catch(() => found);
  const lines = await keyLines(named, local, io.env);
  if (lines === undefined)
    return say(`${found.text} is an address, whose host key vmssh does not keep: the client has to check it`);
  if (lines.length === 0) {
    const login = shellLine(['vmssh', 'ssh', found.text], shellOf(io));
    return say(`its host key is not known yet: log in once by ${login}, then run this again for its line`);
  }
  say('for clients that read ~/.ssh/known_hosts, put this there:');
  for (const line of lines) io.out(`${line}\n`);
}

/** Lines for known_hosts with the keys that ssh accepts for a machine, under this address; undefined if it keeps none. */
export async function keyLines(
  named: ListedTarget,
  { host, port }: TcpLocal,
  env: Io['env'],
): Promise<readonly string[] | undefined> {
  const made = guestKeysFor(named, env);
  const alias = made?.alias ?? hostKeyAlias(named);
  if (alias === undefined) return undefined;
  const bytes = await readBytes(made?.knownHosts ?? knownHostsFile(env)).catch(() => Buffer.alloc(0));
  const own = linesOf(bytes)
    .flatMap((line) => parseLine(line) ?? [])
    .filter(({ hosts }) => isFor(nameBytes(alias), hosts));
  const revoked = own.filter(({ marker }) => marker === '@revoked').map(({ key }) => key);
  const name = port === sshPort ? host : `[${host}]:${port}`;
  return own
    .filter(({ marker, key }) => marker === undefined && !revoked.includes(key))
    .map(({ type, key }) => `${name} ${type} ${key}`);
}
