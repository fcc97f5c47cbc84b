import { join } from 'node:path';
import { quote } from '../../errors.js';
import { readText } from '../../files/read-file.js';
import { reasonOf } from '../../files/read-sync.js';
import { type HostKeyPolicy, policyOf, policyOfEnv, strictest } from '../../identity/policy.js';
import type { Here } from '../../process/io.js';
import { type SshCommand, sshCommand, sshProgram, startProblem } from '../../process/ssh-program.js';
import { isHostName } from '../../typed/names.js';
import { isOwnInclude, policyInLines } from '../config/file.js';
import { parseState, stateFile } from '../config/state.js';
import { revokedNamedIn, usersTexts } from '../config/users-files.js';
import { sshFolder } from '../folder.js';
import { type LoginPolicy, strictly } from '../machine-keys.js';
import { splitArgs } from '../split-args.js';
import { askSsh, fileOfCall, keyCheckingIn, type SshAnswer } from './ask-ssh.js';
import { systemPolicy } from './system-policy.js';

interface Asked {
  /** The ssh of the login, and the words by which it is called. Rejects with the reason why they cannot be known. */
  readonly login: () => Promise<readonly string[]>;
  /** What the lines for ssh say, by `config install --host-keys`. */
  readonly lines?: HostKeyPolicy | undefined;
  readonly note?: (line: string) => void;
}

/** What is done about an unknown host key: never less than the system's policy. What cannot be read is strict. */
export async function keyPolicy(
  here: Here,
  asked: Asked,
  system: Promise<HostKeyPolicy | undefined> = systemPolicy(here.platform),
): Promise<LoginPolicy> {
  const [own, least] = await Promise.all([usersPolicy(here, asked), system]);
  const policy = strictest(own.policy, least) ?? 'strict';
  return policy === own.policy ? own : { ...own, policy, takesAny: false, bySystem: true };
}

// As it was typed for this login, else as VMSSH_HOST_KEYS says, or `config install`, or the user's own ssh_config, by
// the word of the very ssh that logs in.
async function usersPolicy(here: Here, { login, lines, note = () => {} }: Asked): Promise<LoginPolicy> {
  const given = policyOfEnv(here.env) ?? lines ?? (await keptPolicy(here, note));
  let words: readonly string[] | undefined;
  let answer: SshAnswer | undefined;
  let problem = '';
  try {
    words = await login();
    answer = await askSsh(words, here.env);
  } catch (error) {
    problem = startProblem(error as NodeJS.ErrnoException);
    // Where there is no ssh, nobody can have told it anything.
    const texts = (error as NodeJS.ErrnoException).code === 'ENOENT' ? await usersTexts(here) : undefined;
    if (texts && !texts.some(mayTell)) answer = { ...strictly, policy: undefined, texts };
  }
  const call = words && splitArgs('ssh', words.slice(1));
  const isTyped = call !== undefined && keyCheckingIn(call) !== undefined;
  const hasFile = call !== undefined && fileOfCall(call) !== undefined;
  if (answer) {
    const { policy: said, takesAny, caAlgorithms, texts } = answer;
    const chosen = isTyped ? said : hasFile ? strictest(given, said) : (given ?? said);
    const knownHosts = await revokedNamedIn(texts, here);
    return {
      policy: chosen ?? 'accept-new',
      takesAny: takesAny && chosen === said,
      caAlgorithms,
      knownHosts,
    };
  }
  const isOwn = call && given !== undefined && !isTyped && !hasFile;
  if (!isOwn) note(`ssh could not be asked for your StrictHostKeyChecking, so it counts as yes: ${problem}`);
  return isOwn ? { ...strictly, policy: given } : strictly;
}

/** Whether the text of a configuration may say what is done about unknown keys. The Include of `config install` leads to our lines. */
export function mayTell(text: string): boolean {
  const tells = (line: string) => !/^\s*#/.test(line) && /stricthostkeychecking|include/i.test(line);
  return text.split(/\r?\n/).some((line) => tells(line) && !isOwnInclude(line));
}

/** How ssh is called with just this name. One that ssh does not take is as any other. */
export function plainLogin(name: string, here: Here, more: Pick<SshCommand, 'configFile' | 'flags'> = {}) {
  const host = isHostName(name) ? name : anyHost;
  return async () => sshCommand({ ssh: sshProgram(here), ...more, host });
}

/** No line names it: what it gets is for every host. */
export const anyHost = 'vmssh.invalid';

/** What `config install` keeps. The installed lines are a second witness: the stricter of both counts. */
async function keptPolicy({ env, platform }: Here, note: (line: string) => void) {
  const path = stateFile(env, platform);
  const own = join(sshFolder(env, platform), 'vmssh.conf');
  const written = await textIfThere(own).then(policyInLines, () => 'strict' as const);
  try {
    const text = await textIfThere(path);
    if (text === undefined && written === 'strict') throw new Error('it is missing');
    const kept = text === undefined ? undefined : policyOf(parseState(text).state.options.hostKeys);
    return strictest(kept, written);
  } catch (error) {
    const why = `cannot be used, ${reasonOf(error as Error)}`;
    note(`${quote(path)} ${why}: host keys that nobody knows are refused; vmssh config install says more`);
    return 'strict';
  }
}

function textIfThere(path: string): Promise<string | undefined> {
  return readText(path).catch((error) => {
    if (!['ENOENT', 'ENOTDIR'].includes(error.code)) throw error;
    return undefined;
  });
}
