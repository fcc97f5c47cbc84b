import { join } from 'node:path';
import { quote } from '../errors.js';
import { readText } from '../files/read-file.js';
import { type HostKeyPolicy, hostKeyPolicies } from '../identity/policy.js';
import type { Io } from '../process/io.js';
import { parseState, stateFile } from '../ssh/config/state.js';
import { sshFolder } from '../ssh/folder.js';
import { anyHost, type Question, stricter, usersPolicies } from '../ssh/users-policy.js';
import { isHostName } from '../target/names.js';
import { settings } from './options.js';

interface Asked extends Pick<Question, 'file' | 'options'> {
  /** How the host is called: lines of the user's may be for it alone. */
  readonly names: readonly string[];
  /** Gets each line for the user. */
  readonly note?: (line: string) => void;
}

/**
 * What is done about a host key that nobody knows, if neither the lines nor VMSSH_HOST_KEYS say: as `config install` keeps it, else as
 * the user's own ssh_config says. The installed lines are a second witness: the stricter of both counts. What cannot be read is strict.
 */
export async function usersKeyPolicy(
  { env, platform }: Pick<Io, 'env' | 'platform'>,
  { names, file, options, note = () => {} }: Asked,
): Promise<HostKeyPolicy> {
  const path = stateFile(env, platform);
  const own = join(sshFolder(env, platform), 'vmssh.conf');
  const [state, lines] = await Promise.all([path, own].map(textAt));
  const written = lines === undefined ? undefined : policyInLines(lines);
  const kept = keptIn(state);
  if (kept === 'unusable' || (kept === undefined && written === 'strict' && state === undefined)) {
    note(
      `${quote(path)} cannot be used: host keys that nobody knows are refused; vmssh config install writes it again`,
    );
    return 'strict';
  }
  if (kept !== undefined && file === undefined) return stricter(kept, written);
  const valid = names.filter(isHostName);
  const asked = valid.length === 0 ? [anyHost] : valid;
  // The user's own file says what they want of every login, also of one with another file.
  const files = file === undefined ? [undefined] : [undefined, file];
  const question = { env, platform, names: asked, options };
  const users = (await Promise.all(files.map((each) => usersPolicies({ ...question, file: each })))).flat();
  const problem = users.find((each) => each.problem !== undefined)?.problem;
  if (problem !== undefined)
    note(
      `ssh could not be asked for your StrictHostKeyChecking, so it counts as yes: ${problem}; say it by vmssh config install --host-keys=POLICY`,
    );
  return stricter(...users.map(({ policy }) => policy), kept, written);
}

/** Undefined if there is none. */
function textAt(path: string): Promise<string | undefined | Error> {
  return readText(path).catch((error) => (['ENOENT', 'ENOTDIR'].includes(error.code) ? undefined : error));
}

function keptIn(state: string | undefined | Error): HostKeyPolicy | undefined | 'unusable' {
  if (state === undefined) return undefined;
  if (state instanceof Error) return 'unusable';
  try {
    return settings.hostKeys.parse(parseState(state).state.options);
  } catch {
    return 'unusable';
  }
}

/** What the lines for ssh say of any host; undefined: nothing. The first ones are for targets, and no machine's own. */
export function policyInLines(lines: string | Error): HostKeyPolicy | undefined {
  if (lines instanceof Error) return 'strict';
  const [command] = /^\s*KnownHostsCommand .*$/m.exec(lines) ?? [];
  if (command !== undefined) {
    const [, word] = / --host-keys=(\S+)/.exec(command) ?? [];
    return hostKeyPolicies.find((each) => each === word);
  }
  const words = [...lines.matchAll(/^\s*StrictHostKeyChecking (\S+)$/gm)].map(([, word]) => word);
  if (words.length > 0 && words.every((each) => each === 'yes')) return 'strict';
  return words.includes('ask') ? 'ask' : undefined;
}
