import type { Io } from '../process/io.js';
import { type ProgramEnd, runProgram } from '../process/run-program.js';
import {
  asksNothing,
  forwardsNothing,
  ownConnection,
  type SshCommand,
  settingIn,
  sshAbilities,
  sshProgram,
} from '../process/ssh-program.js';
import { now } from '../runtime.js';
import { type Agent, askAgent } from '../ssh/agent.js';
import { sshSettings } from '../ssh/login-key.js';
import { readSsh, type SshSaid } from '../ssh/said.js';
import { loginTimeoutMs } from './try-login.js';

/** One login by the user's own ssh, and what it said. */
export interface SshTry {
  readonly end: Pick<ProgramEnd, 'code' | 'stdout' | 'stderr' | 'stopped'>;
  readonly said: SshSaid;
  readonly ms: number;
  readonly agent: Agent;
  /** The output of `ssh -G`. */
  readonly settings: string;
}

export type LoginWords = Pick<SshCommand, 'ssh' | 'flags' | 'command'> & {
  readonly settings: readonly string[];
};

export interface SshTryOptions {
  /** As it stands after `ssh`, without a user. */
  readonly host: string;
  readonly sshConfig: string | undefined;
  /** ssh's words, with these and whatever leads to the machine. */
  readonly words: (login: LoginWords) => readonly string[];
  /** As from a program that no shell started, in place of a terminal. */
  readonly isBare?: boolean;
}

/**
 * Logs in as the user's ssh does, with his configuration, environment and agent: nothing is added but what keeps ssh from asking, makes it
 * end and speak, and gives nothing of this host away. It keeps a new host key if ssh would.
 */
export async function trySsh(options: SshTryOptions, io: Io, signal: AbortSignal): Promise<SshTry> {
  const { host, sshConfig, words, isBare = false } = options;
  const env = usersEnv(io, isBare);
  const ssh = sshProgram(io);
  const { asksForKeys, nullsStdin } = await sshAbilities(env, ssh);
  const settings = sshSettings({ host, sshConfig, signal }, io);
  const agent = settings.then((said) => askAgent(settingIn(said, 'identityagent'), env));
  const stop = new AbortController();
  // Where the agent is silent, ssh waits for it for ever.
  agent.then(({ isSilent }) => isSilent && setTimeout(() => stop.abort(), agentPatienceMs).unref());
  const command = words({
    ssh,
    flags: [isBare ? '-T' : '-tt', '-v'],
    settings: [
      ...quietly,
      ...['RemoteCommand=none', 'FingerprintHash=sha256', ...(asksForKeys ? ['LogVerbose=none'] : [])],
      ...(nullsStdin ? ['SessionType=default', 'StdinNull=no', 'ForkAfterAuthentication=no'] : []),
    ],
    command: 'true',
  });
  const limits = { timeoutMs: loginTimeoutMs, signal: AbortSignal.any([signal, stop.signal]) };
  const from = now();
  const end = await runProgram(command, { env, ...limits, stdin: isBare ? 'socket' : 'none' }).catch(
    (error: Error) => ({ code: null, stdout: '', stderr: error.message }),
  );
  const ms = now() - from;
  signal.throwIfAborted();
  return { end, said: readSsh(end.stderr), ms, agent: await agent, settings: await settings };
}

/** Asks nothing, shares no connection, and gives nothing of this host away. */
export const quietly = [asksNothing, ownConnection, ...forwardsNothing, 'PermitLocalCommand=no'];

/** After its agent did not answer. Milliseconds. */
const agentPatienceMs = 8000;

/** What his shell gives ssh; without SHLVL as where no shell started it, in a desktop's program or a unit. */
export function usersEnv({ env, brokenShell }: Io, isBare: boolean): Io['env'] {
  const { SHLVL, ...rest } = brokenShell === undefined ? env : { ...env, SHELL: brokenShell };
  return isBare || SHLVL === undefined ? rest : { ...rest, SHLVL };
}
