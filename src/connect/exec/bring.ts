import { generateKeyPair, randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { quote } from '../../base/errors.js';
import { before, selfCommand } from '../../base/runtime.js';
import { readBytes } from '../../files/read-file.js';
import { realPath } from '../../files/read-sync.js';
import { effects, writersByMode } from '../../files/writers.js';
import type { ExecEndpoint } from '../../typed/route.js';
import { type Bring, type Connection, dropPeeked, peekFor } from '../connection.js';
import script from './bring.sh';
import { execError, inShell } from './why-not.js';

/** What bring.sh prints, each a line: that it waits for a server; that the machine has one, which only root can start. */
export const asksForServer = 'vmssh bring';
export const hasServer = 'vmssh has sshd';

export const insteadOfBanner = new RegExp(`^(?:${asksForServer}|${hasServer})(?=\\n)`, 'm');

export function bringer(endpoint: ExecEndpoint, bring: Bring) {
  return {
    command: bringCommand(endpoint, bring),
    send: (connection: Connection, deadline: number) => sendServer(connection, endpoint, bring, deadline),
  };
}

/** The command that starts the machine's sshd, or else waits for one; as the machine's own user, unless another one logs in. */
export function bringCommand(endpoint: ExecEndpoint, { login }: Bring): readonly string[] {
  const own = endpoint.command.filter((word) => login !== undefined || word !== asRoot);
  const name = randomBytes(8).toString('hex');
  return inShell(own, script, ['bring', name, login ?? '']);
}

/** An option of containers' managers: without it the user of the image. */
const asRoot = '--user=0';

/**
 * Sends a server to the bring.sh that waits at the other end, before `deadline` of `now`; its banner comes next.
 * Throws a ConnectError if it cannot run there, and another error if that end stops.
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
    const written = connection.write(bytes).then(() => true);
    if (!(await before(written, deadline))) throw new Error('it takes too long');
  };
  const line = async () => (await readUntil(connection, '\n', deadline)).trimEnd();
  await readUntil(connection, `${asksForServer}\n`, deadline);
  const there = machineOf(await readUntil(connection, '\0end\n', deadline), login);
  if (there.code !== undefined) throw fail(there.code, there.more);
  const programs = await programsOf(there.processor).catch((error: Error) => {
    throw fail('EXEC_BRING_NONE', error.message);
  });
  await write(Buffer.from('go\n'));
  const [, place, here] = /^(\/[\w/-]+) (\/[\w/.-]+)$/.exec(await line()) ?? [];
  if (here === undefined) throw fail('EXEC_BRING_NO_FOLDER');
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
    config: latin1(configOf(here, there.environ)),
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

/** Reads the lines of bring.sh after the first: one character a byte. */
function machineOf(text: string, login: string | undefined) {
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
  const { text, found } = await peekFor(connection, maxPrinted, deadline, (text) => text.split(mark, 2)[1]);
  if (found === undefined) throw new Error('it stopped');
  const length = text.indexOf(mark) + mark.length;
  await dropPeeked(connection, length);
  return text.slice(0, length);
}

/** More than the environment that bring.sh prints. Bytes. */
const maxPrinted = 100_000;

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

const programNames = ['sshd', 'sshd-session', 'sshd-auth'] as const;

/** vmssh-sshd's programs for a processor of uname(1). Throws an error if they are missing or others could change them: they run as root there. */
export async function programsFor(
  processor: string,
  places = placesOf(realPath(selfCommand().at(-1) ?? '') ?? ''),
): Promise<Readonly<Record<string, Uint8Array>>> {
  const system = systemOf(processor);
  if (system === undefined) throw new Error(`its processor is ${quote(processor.slice(0, 100))}`);
  const folders = places.map((place) => join(place, system));
  const { over } = await writersByMode(effects);
  for (const folder of folders)
    try {
      const all = programNames.map(async (name) => {
        const path = join(folder, name);
        const bytes = await readBytes(path);
        const who = await over(path);
        if (who !== undefined) throw new Error(`${path} could be changed by ${who}`);
        return [name, bytes] as const;
      });
      return Object.fromEntries(await Promise.all(all));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  throw new Error(`there is no ${folders.join(' and no ')}`);
}

const systems = new Map(Object.entries({ x86_64: 'x64', x64: 'x64', aarch64: 'arm64', arm64: 'arm64' }));

/** As Node names it; undefined: there is none for it. An image without uname has the processor of this host. */
export function systemOf(processor: string): string | undefined {
  const arch = systems.get(processor === '' ? process.arch : processor);
  return arch && `linux-${arch}`;
}

/** Where the package may be: in dist/ of a checkout, in the prefix that has vmssh, and where Debian's package and a tarball put it. */
function placesOf(self: string): readonly string[] {
  const own = dirname(self);
  const relative = ['sshd', '../sshd', '../lib/vmssh/sshd'].map((folder) => join(own, folder));
  return [...new Set([...relative, '/usr/local/lib/vmssh/sshd', '/usr/lib/vmssh/sshd'])];
}

/** sshd_config(5): whoever is at the other end of its stdin and stdout has started it, and so is let in. */
export function configOf(folder: string, environ: readonly string[]): string {
  const words = environ.filter(isForSession).map((each) => `"${each.replaceAll(/["\\]/g, '\\$&')}"`);
  return `HostKey ${folder}/key
SshdSessionPath ${folder}/sshd-session
SshdAuthPath ${folder}/sshd-auth
PidFile none
LogLevel ERROR
AuthorizedKeysFile none
PubkeyAuthentication no
KbdInteractiveAuthentication no
PasswordAuthentication yes
PermitEmptyPasswords yes
PermitRootLogin yes
StrictModes no
UseDNS no
PrintMotd no
Subsystem sftp internal-sftp
AcceptEnv LANG LC_*
${words.length === 0 ? '' : `SetEnv ${words.join(' ')}\n`}`;
}

/** Whether a variable of what the manager starts is one for the session, too: sshd sets the others itself, and a line ends at its end. */
function isForSession(variable: string): boolean {
  return (
    /^[A-Za-z_]\w*=[^\n\r\f\0]*$/.test(variable) &&
    !/^(?:HOME|USER|LOGNAME|SHELL|MAIL|PWD|OLDPWD|SHLVL|TERM|_|SSH_\w*)=/.test(variable) &&
    // Variables of the unit that systemd-run makes.
    !/^(?:INVOCATION_ID|JOURNAL_STREAM|MEMORY_PRESSURE_\w*|SYSTEMD_EXEC_PID|NOTIFY_SOCKET)=/.test(variable)
  );
}

/** Makes a host key in this process: `type` and `key` as in known_hosts, in base64, and the private key as sshd reads it from a file. */
export async function makeHostKey() {
  const { d, x } = await new Promise<{ readonly d?: string; readonly x?: string }>((resolve, reject) =>
    generateKeyPair('ed25519', {}, (error, _, own) => {
      if (error) reject(error);
      else resolve(own.export({ format: 'jwk' }));
    }),
  );
  const [seed, point] = [Buffer.from(d ?? '', 'base64url'), Buffer.from(x ?? '', 'base64url')];
  const type = 'ssh-ed25519';
  const shown = Buffer.concat([field(type), field(point)]);
  return { type, key: shown.toString('base64'), file: keyFile(shown, Buffer.concat([seed, point])) };
}

/** https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key, without a passphrase. */
function keyFile(shown: Buffer, secret: Buffer): string {
  const check = randomBytes(4);
  const plain = Buffer.concat([check, check, shown, field(secret), field('')]);
  // To a multiple of the block size, 8.
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (plain.length % 8)) % 8));
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...['none', 'none', ''].map(field),
    number(1),
    field(shown),
    field(Buffer.concat([plain, padding])),
  ]);
  const lines = whole.toString('base64').replaceAll(/.{1,70}/g, '$&\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}-----END OPENSSH PRIVATE KEY-----\n`;
}

/** The value with its length before it. */
function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([number(bytes.length), bytes]);
}

function number(value: number): Buffer {
  return Buffer.from([24, 16, 8, 0].map((bits) => (value >>> bits) & 0xff));
}
