import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { now } from '../../clock.js';
import type { ExecEndpoint } from '../../endpoint.js';
import { quote } from '../../errors.js';
import { type Bring, type Connection, dropPeeked } from '../connection.js';
import { before } from '../program-connection.js';
import script from './bring.sh';
import { configOf, makeHostKey, programsFor, systemOf } from './sshd-package.js';
import { execError, inShell } from './why-not.js';

/** What bring.sh prints, each a line: that it waits for a server; that the machine has one, which only root can start. */
export const asksForServer = 'vmssh bring';
export const hasServer = 'vmssh has sshd';

/** Either of them, in place of a banner. */
export const insteadOfBanner = new RegExp(`^(?:${asksForServer}|${hasServer})(?=\\n)`, 'm');

/** The command that starts the machine's sshd, or else waits for one; as the machine's own user, unless another one logs in. */
export function bringCommand(endpoint: ExecEndpoint, { login }: Bring): readonly string[] {
  const own = endpoint.command.filter((word) => login !== undefined || word !== asRoot);
  const name = randomBytes(8).toString('hex');
  return inShell({ ...endpoint, command: own }, script, ['bring', name, login ?? '']);
}

/**
 * Ends an exec, a process group, if this process is killed before `release`: Podman's goes on where its stdin is reset, and so would the
 * machine's end, which waits for a server. It starts before the exec does, so that none is missed.
 */
export function startGuard() {
  const stdio = ['pipe', 'ignore', 'ignore'] as const;
  const guard = spawn('/bin/sh', ['-c', guardScript], { stdio: [...stdio], detached: true });
  guard.on('error', () => {});
  guard.stdin?.on('error', () => {});
  guard.unref();
  return {
    watch: ({ pid }: Pick<ChildProcess, 'pid'>) => void guard.stdin?.write(`${pid}\n`),
    release: () => void guard.stdin?.end('\n'),
  };
}

const guardScript = 'read -r pid && { read -r _ || kill -s KILL -- "-$pid"; }';

/** Podman's and Docker's option: without it the user of the image. */
const asRoot = '--user=0';

/**
 * Sends a server to the bring.sh that waits at the other end, before `deadline` of `clock.now`; its banner comes next. Throws a
 * ConnectError if it cannot run there, and another error if that end stops.
 */
export async function sendServer(
  connection: Connection,
  endpoint: ExecEndpoint,
  { login, trust }: Bring,
  deadline: number,
  programsOf = programsFor,
): Promise<void> {
  const fail = (code: string, more?: string, hint?: string) => execError(endpoint, { code, more, hint });
  const write = async (bytes: Uint8Array) => {
    const written = await before(
      connection.write(bytes).then(() => true),
      deadline,
    );
    if (!written) throw new Error('it takes too long');
  };
  const line = async () => (await readUntil(connection, '\n', deadline)).trimEnd();
  await readUntil(connection, `${asksForServer}\n`, deadline);
  const there = machineOf(await readUntil(connection, '\0end\n', deadline), login);
  if ('code' in there) throw fail(there.code, there.more);
  const programs = await programsOf(there.processor).catch((error: Error) => {
    throw fail(systemOf(there.processor) ? 'EXEC_BRING_NONE' : 'EXEC_BRING_PROCESSOR', error.message);
  });
  await write(Buffer.from('go\n'));
  const [, place, pid] = /^(\/[\w/-]+) (\d{1,10})$/.exec(await line()) ?? [];
  if (place === undefined) throw fail('EXEC_BRING_NO_FOLDER');
  const asked = async (name: string) => {
    const said = await line();
    // What ulimit -f says.
    if (/^no room \d+$/.test(said))
      throw fail(
        'EXEC_BRING_NO_ROOM',
        'a limit for the size of its files is set',
        'raise it: --ulimit fsize=-1',
      );
    if (said !== name) throw fail('EXEC_BRING_NO_ROOM', `${place} is full`);
  };
  const { type, key, file } = await makeHostKey();
  const files: Readonly<Record<string, Uint8Array>> = {
    ...programs,
    passwd: latin1(there.passwd),
    config: latin1(configOf(`/proc/${pid}/cwd`, there.environ)),
    key: latin1(file),
  };
  for (const [name, bytes] of Object.entries(files)) {
    await asked(name);
    // If that end takes no more, it says so.
    await write(Buffer.concat([latin1(`${bytes.length}\n`), bytes])).catch(() => {});
  }
  await asked('started');
  trust({ type, key });
}

/** The machine and who logs in there, as bring.sh says. */
interface Machine {
  readonly processor: string;
  /** The line of passwd(5) for the user. */
  readonly passwd: string;
  readonly environ: readonly string[];
}

/** Reads the lines of bring.sh after the first: one character a byte. */
function machineOf(text: string, login: string | undefined): Machine | { code: string; more: string } {
  const [uid = '', gid = '', processor = '', entry = '', shell = '', missing = '', ...rest] =
    text.split('\n');
  if (![uid, gid].every((id) => /^\d{1,10}$/.test(id)))
    return { code: 'EXEC_BRING_FAILED', more: `it says that its user is ${quote(uid.slice(0, maxQuoted))}` };
  if (missing !== '') return { code: 'EXEC_BRING_NO_TOOLS', more: `it lacks${missing.slice(0, maxQuoted)}` };
  // After the last one, which may be cut off, there is "end".
  const environ = rest.join('\n').split('\0').slice(0, -2);
  const known = entry === '' ? undefined : entry.split(':');
  if (login !== undefined && !known)
    return { code: 'EXEC_BRING_NO_USER', more: `its /etc/passwd has no ${quote(login)}` };
  const [name = '', , ownUid = '', ownGid = '', , home = ''] = known ?? [uid, '', uid, gid, '', ''];
  if (uid !== '0' && ownUid !== uid)
    return { code: 'EXEC_BRING_NO_USER', more: `all that is started there runs as its user ${uid}` };
  const ofEnviron = environ.find((each) => each.startsWith('HOME='))?.slice('HOME='.length);
  const passwd = [name, 'x', ownUid, ownGid, '', home || ofEnviron || '/', shell].join(':');
  return { processor, passwd: `${passwd}\n`, environ };
}

const maxQuoted = 100;

/** Reads up to the end of `mark`, and nothing after it: one character a byte. Throws if it does not come. */
async function readUntil(connection: Connection, mark: string, deadline: number): Promise<string> {
  for (let seen = 0; ; ) {
    const bytes = await connection.peek(seen, maxPrinted, Math.max(0, deadline - now()));
    const text = Buffer.from(bytes).toString('latin1');
    const at = text.indexOf(mark);
    if (at >= 0) {
      await dropPeeked(connection, at + mark.length);
      return text.slice(0, at + mark.length);
    }
    if (bytes.length === seen || bytes.length >= maxPrinted) throw new Error('it stopped');
    seen = bytes.length;
  }
}

/** More than the environment that bring.sh prints. Bytes. */
const maxPrinted = 100_000;

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
