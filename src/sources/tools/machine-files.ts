import { runProgram } from '../../process/run-program.js';
import { type Deps, DiscoveryError, execAsRoot, type IsEnough, type MachineFiles } from '../source.js';
import { withToolFolders } from '../trusted-path.js';

/** By a manager that takes long for each file. */
export async function readInTurn(
  paths: readonly string[],
  textOf: (path: string) => Promise<string | undefined>,
  isEnough: IsEnough = () => false,
): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const path of paths) {
    const text = await textOf(path);
    if (text !== undefined) texts.push(text);
    if (isEnough(texts)) break;
  }
  return texts;
}

/** A name that no program takes for an option. */
export function isPlainName(name: string): boolean {
  return /^[a-z0-9][\w.-]*$/i.test(name);
}

/** By a manager that starts programs in its machines; `asRoot`: the words in front of those that need it. */
export function filesByExec(exec: readonly string[], deps: Deps, asRoot = exec): MachineFiles {
  return { asRoot: execAsRoot(asRoot), read: async (paths) => [await readByExec(exec, paths, deps)] };
}

/** One call for all files, without a shell: `find` takes regular files only, and grep ends each with a newline. All keys begin with "AAAA". */
export function readByExec(exec: readonly string[], paths: readonly string[], deps: Deps): Promise<string> {
  const which = ['-maxdepth', '0', '-type', 'f', '-exec', 'grep', '-h', 'AAAA', '{}', '+'];
  return printed([...exec, '/usr/bin/find', ...paths, ...which], deps);
}

/** One character a byte, whatever the exit code: files may be missing. Ended at `most` bytes. Throws a DiscoveryError. */
export async function printed(
  command: readonly string[],
  { env, platform, signal, timeoutMs }: Deps,
  most: number = 4 * maxKeyText,
): Promise<string> {
  const own = { ...withToolFolders(env, platform), LC_ALL: 'C' };
  const options = { env: own, signal, timeoutMs, encoding: 'latin1', longest: most } as const;
  const end = await runProgram(command, options).catch((error: NodeJS.ErrnoException) => {
    throw new DiscoveryError(error.code ?? 'EIO', `${command[0]} could not be run`, { cause: error });
  });
  if (end.stopped) throw new DiscoveryError('TIMEOUT', `${command[0]}: it did not answer within its limits`);
  return end.stdout;
}

/** Public keys that a machine may have, of all its files together, and the most characters of these. */
export const maxKeys = 16;
export const maxKeyText = 16 << 10;

/** The keys in `.pub` files, "ssh-ed25519 AAAA…" each, once. The machine's root writes them: what is none is dropped. */
export function publicKeys(texts: readonly string[]): readonly string[] {
  const text = texts.join('\n').slice(0, maxKeyText);
  const lines = text.split('\n', maxKeys * 2);
  const written = lines.filter((line) => line.trim() !== '').slice(0, maxKeys);
  return [...new Set(written.flatMap((line) => publicKey(line) ?? []))];
}

/** What sshd can prove to a client that it has: neither a certificate nor DSA. */
const types: ReadonlySet<string> = new Set([
  'ssh-ed25519',
  ...['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  'ssh-rsa',
  'ssh-mldsa44-ed25519@openssh.com',
  ...['sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'],
]);

function publicKey(line: string): string | undefined {
  const [, type = '', base64 = ''] = /^(\S+) ([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(line) ?? [];
  if (!types.has(type)) return undefined;
  const blob = Buffer.from(base64, 'base64');
  // Another spelling of the same bytes would not be equal to what ssh prints.
  if (blob.toString('base64') !== base64) return undefined;
  const [name, ...values] = partsOf(blob) ?? [];
  return values.length > 0 && name?.toString('latin1') === type ? `${type} ${base64}` : undefined;
}

/** The strings of which a public key is made (RFC 4253, 6.6; RFC 4251, 5); undefined if anything is left. */
function partsOf(blob: Buffer): readonly Buffer[] | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + 4 <= blob.length) {
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return undefined;
    parts.push(blob.subarray(at + 4, end));
    at = end;
  }
  return at === blob.length ? parts : undefined;
}
