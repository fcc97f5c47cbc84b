import { mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Env } from '../../base/runtime.js';
import { exact } from '../../book/identity.js';
import { makeFolder } from '../../files/place.js';
import { readText } from '../../files/read-file.js';
import { credentialFiles, type GivenKeys } from '../../guest/credentials.js';
import {
  type GuestKeys,
  guestAlias,
  guestFolder,
  guestKeyFiles,
  guestKeysOf,
} from '../../keys/guest-keys.js';
import { runProgram } from '../../process/run-program.js';

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
