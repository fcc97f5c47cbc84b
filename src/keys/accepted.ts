import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Env } from '../base/runtime.js';
import { hostIn } from '../book/names.js';
import { writtenState } from '../book/state.js';
import { inAskedFolder } from '../files/asked-folder.js';
import { readBytes } from '../files/read-file.js';
import { runProgram } from '../process/run-program.js';
import { type DiscoveredMachine, reachedMachine } from '../sources/source.js';
import { stateFolder } from '../ssh/folder.js';
import type { ShownKey } from '../ssh/known-hosts.js';
import { decideKey, pinsOf } from './decide.js';
import { keyOwner } from './key-owner.js';
import { factsFor, type MachineKeys, machineKeys } from './machine-keys.js';
import { cannotTell } from './refusal.js';

interface NamedMachine {
  readonly text: string;
  readonly machine?: DiscoveredMachine | undefined;
}

/** The keys that a login at a target accepts by what is known; undefined for an address. Throws a ConnectError if nothing known counts. */
export async function acceptedKeys(
  { text, machine }: NamedMachine,
  env: Env,
): Promise<readonly ShownKey[] | undefined> {
  const { lookedUp: host } = hostIn(await writtenState({ env }), machine?.target ?? text);
  const reached = { text, machine: machine && reachedMachine(machine) };
  const keys = await machineKeys(await keyOwner(reached, { typed: text, host }, env), env);
  if (keys.made === undefined && keys.alias === undefined) return undefined;
  const known = (keys.made ? [keys.made] : pinsOf(keys)).map(async (key) => {
    const isAccepted = decideKey(factsFor(keys, key)).do === 'vouch';
    return isAccepted && (await revokedIn(keys, key, env)) === undefined ? [key] : [];
  });
  return (await Promise.all(known)).flat();
}

/** The file of RevokedHostKeys that has the key: a list of keys, or a KRL, which ssh-keygen reads. Throws if it cannot be asked. */
export async function revokedIn(
  { revoked, reached: { text } }: MachineKeys,
  { type, key }: ShownKey,
  env: Env,
): Promise<string | undefined> {
  for (const path of revoked) {
    const bytes = await readBytes(path).catch((error) => {
      throw cannotTell(text, path, error.message);
    });
    const lines = bytes.toString('latin1');
    if (!lines.startsWith('SSHKRL\n\0')) {
      if (lines.split('\n').some((line) => !line.startsWith('#') && line.split(/[ \t\r]+/).includes(key)))
        return path;
      continue;
    }
    const { code, stderr } = await inAskedFolder(stateFolder(env), async (folder) => {
      await writeFile(join(folder, 'key'), `${type} ${key}\n`);
      const asked = ['ssh-keygen', '-Q', '-f', path, join(folder, 'key')];
      return runProgram(asked, { env, timeoutMs: 5000 });
    });
    if (code === 1) return path;
    if (code !== 0) throw cannotTell(text, path, stderr.trim() || 'ssh-keygen did not print it');
  }
  return undefined;
}
