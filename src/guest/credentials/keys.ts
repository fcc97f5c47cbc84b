import { mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exact } from '../../book/identity.js';
import { makeFolder } from '../../files/place.js';
import { readText } from '../../files/read-file.js';
import {
  type GuestKeys,
  guestAlias,
  guestFolder,
  guestKeyFiles,
  guestKeysOf,
} from '../../keys/guest-keys.js';
import { runProgram } from '../../process/run-program.js';
import type { Env } from '../../runtime.js';

/** A machine's keys, or new ones; without the user's public keys in `logins` a login key too. A folder appears whole or not. Rejects with a system error. */
export async function makeGuestKeys(
  name: string,
  logins: readonly string[] | undefined,
  env: Env,
): Promise<GuestKeys> {
  const folder = guestFolder(name, env);
  const known = guestKeysOf(name, env);
  if (known) return known;
  await makeFolder(dirname(folder), 0o700);
  const beside = await mkdtemp(join(dirname(folder), '.new-'));
  try {
    await fill(beside, name, logins, env);
    await rename(beside, folder).catch(async (error) => {
      // Another vmssh made them meanwhile.
      if (!guestKeysOf(name, env)) throw error;
    });
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
  const made = guestKeysOf(name, env);
  if (made) return made;
  throw Object.assign(new Error('they disappeared meanwhile'), { code: 'ENOENT' });
}

async function fill(folder: string, name: string, logins: readonly string[] | undefined, env: Env) {
  const { hostKey, login, logins: loginsFile, knownHosts, name: nameFile } = guestKeyFiles;
  const keygen = ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', `vmssh-${exact(name)}`];
  const make = (file: string) => runQuietly([...keygen, '-f', join(folder, file)], env);
  await make(hostKey);
  if (logins === undefined) await make(login);
  const keys = logins ?? [await line(folder, `${login}.pub`)];
  await write(folder, loginsFile, keys.map((key) => `${key}\n`).join(''));
  await write(folder, nameFile, `${name}\n`);
  const given = await readGivenKeys(folder);
  for (const file of credentialFiles(given)) await write(folder, file.name, file.text);
  const [type, key] = given.hostPublicKey.split(' ');
  await write(folder, knownHosts, `${guestAlias(name)} ${type} ${key}\n`);
}

/** Rejects with a system error. */
export async function readGivenKeys(folder: string): Promise<GivenKeys> {
  const { hostKey, logins } = guestKeyFiles;
  return {
    hostKey: await readText(join(folder, hostKey), 1 << 16),
    hostPublicKey: await line(folder, `${hostKey}.pub`),
    logins: (await readText(join(folder, logins), 1 << 20)).split('\n').filter((each) => each !== ''),
  };
}

async function line(folder: string, name: string): Promise<string> {
  return (await readText(join(folder, name), 1 << 16)).trimEnd();
}

async function write(folder: string, name: string, text: string): Promise<void> {
  const file = await open(join(folder, name), 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function runQuietly(command: readonly string[], env: Env): Promise<void> {
  const { code, stderr, stdout } = await runProgram(command, { env, timeoutMs: 30_000, longest: 1 << 16 });
  if (code === 0) return;
  const said = `${stderr}${stdout}`.trim().split('\n')[0];
  throw Object.assign(new Error(`${command[0]} failed: ${said || `exit code ${code}`}`), { code: 'EIO' });
}

/** The keys for a guest that is started with them. */
export interface GivenKeys {
  /** The private host key, ed25519, as ssh-keygen writes it. */
  readonly hostKey: string;
  /** "ssh-ed25519 AAAA…", with or without a comment. */
  readonly hostPublicKey: string;
  /** Lines for authorized_keys. */
  readonly logins: readonly string[];
}

/** A system credential: systemd.system-credentials(7). */
type Credential = Readonly<Record<'id' | 'text', string>>;

/** systemd-tmpfiles of 252 and later writes the host key before sshd starts, and root's keys if there are none; 256 gives the last to all accounts. */
export function credentialsOf({ hostKey, hostPublicKey, logins }: GivenKeys): readonly Credential[] {
  const keys = logins.map((line) => `${line}\n`).join('');
  return [
    { id: 'tmpfiles.extra', text: file(path, 600, hostKey) + file(`${path}.pub`, 644, `${hostPublicKey}\n`) },
    { id: 'ssh.authorized_keys.root', text: keys },
    { id: 'ssh.ephemeral-authorized_keys-all', text: keys },
  ];
}

/** The credential that has systemd-ssh-generator of 256 and later, and ours, bind sshd to these addresses too. */
export function listenCredential(addresses: readonly string[]): Credential {
  return { id: 'ssh.listen', text: addresses.map((each) => `${each}\n`).join('') };
}

/** sshd's default, and the one that each distribution uses. */
const path = '/etc/ssh/ssh_host_ed25519_key';

/** A line of tmpfiles.d(5) that writes the file again, with its content in base64. */
function file(path: string, mode: number, text: string): string {
  return `f+~ ${path} 0${mode} root root - ${base64(text)}\n`;
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** SMBIOS strings of type 11 are how QEMU gives a credential. */
export function smbiosString({ id, text }: Credential): string {
  return `io.systemd.credential.binary:${id}=${base64(text)}`;
}

/** A credential as systemd-nspawn and systemd-vmspawn read it. */
export function credentialFile(id: string): string {
  return `credential-${id}`;
}

/** A credential as QEMU reads it: the string without a line break. */
export function smbiosFile(id: string): string {
  return `smbios-${id}`;
}

function credentialFiles(keys: GivenKeys) {
  return credentialsOf(keys).flatMap((each: Credential) => [
    { name: credentialFile(each.id), text: each.text },
    { name: smbiosFile(each.id), text: smbiosString(each) },
  ]);
}

/** All files that such a folder may have: only they are removed. */
const ownFiles: readonly string[] = [
  // First: without it ssh does not use the others.
  guestKeyFiles.knownHosts,
  ...[guestKeyFiles.hostKey, guestKeyFiles.login].flatMap((name) => [name, `${name}.pub`]),
  ...credentialFiles({ hostKey: '', hostPublicKey: '', logins: [] }).map(({ name }) => name),
  guestKeyFiles.logins,
  guestKeyFiles.name,
];

/** Removes a machine's keys. Resolves to the names there that are not ours: they stay, with their folder. Rejects with a system error. */
export async function removeGuestKeys({ folder }: { readonly folder: string }): Promise<readonly string[]> {
  for (const name of ownFiles) await rm(join(folder, name), { force: true });
  const left = await readdir(folder);
  if (left.length === 0) await rm(folder, { recursive: true, force: true });
  return left;
}
