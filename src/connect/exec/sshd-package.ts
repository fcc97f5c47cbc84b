import { generateKeyPair, randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { quote } from '../../errors.js';
import { readBytes } from '../../files/read-file.js';
import { realPath } from '../../files/read-sync.js';
import { effects, writersByMode } from '../../files/writers.js';
import { selfCommand } from '../../runtime.js';

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
  const prefix = join(own, '../lib/vmssh/sshd');
  const all = [
    join(own, 'sshd'),
    join(own, '../sshd'),
    prefix,
    '/usr/local/lib/vmssh/sshd',
    '/usr/lib/vmssh/sshd',
  ];
  return [...new Set(all)];
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
    // Those of the unit that systemd-run makes.
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

/** With its length before it. */
function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([number(bytes.length), bytes]);
}

function number(value: number): Buffer {
  return Buffer.from([24, 16, 8, 0].map((bits) => (value >>> bits) & 0xff));
}
