import { now } from '../base/runtime.js';
import { hangsOrBoots } from '../connect/multiplexer.js';
import { newProof } from '../guest/report.js';
import { sshSettings } from '../keys/login-key.js';
import type { Io } from '../process/io.js';
import { type ProgramResult, runProgram } from '../process/run-program.js';
import { loginTimeoutMs, readSsh, type SshSaid } from '../process/ssh-log.js';
import {
  asksNothing,
  forwardsNothing,
  ownConnection,
  type SshCommand,
  settingIn,
  sshAbilities,
  typedSsh,
} from '../process/ssh-program.js';
import { type Agent, askAgent } from './agent.js';

/** One login by the user's own ssh, and what it said. */
export interface SshTry {
  readonly end: ProgramResult;
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
  /** ssh and its first options; undefined: the one that is typed. */
  readonly ssh?: readonly string[];
  /** ssh's words, with these and whatever leads to the machine. */
  readonly words: (login: LoginWords) => readonly string[];
  /** As from a program that no shell started, in place of a terminal. */
  readonly isBare?: boolean;
  /** Called with what the login waits for. */
  readonly onStage?: (stage: string) => void;
}

/**
 * Logs in as the user's ssh does, with the user's configuration, environment and agent. What is added only keeps ssh from asking, makes
 * it end and speak, and gives nothing of this host away. A new host key is kept if ssh would keep it.
 */
export async function trySsh(options: SshTryOptions, io: Io, signal: AbortSignal): Promise<SshTry> {
  const { host, sshConfig, words, ssh = typedSsh, isBare = false, onStage } = options;
  const mark = newProof();
  const env = { ...usersEnv(io, isBare), VMSSH_MARK: mark };
  const { asksForKeys, nullsStdin } = await sshAbilities(env, ssh);
  const settings = sshSettings({ host, sshConfig, ssh, signal }, io);
  const agent = settings.then((said) => askAgent(settingIn(said, 'identityagent'), env));
  const stop = new AbortController();
  // ssh waits without an end for an agent that does not answer.
  agent.then(({ isSilent }) => isSilent && setTimeout(() => stop.abort(), agentPatienceMs).unref());
  const command = words({
    ssh,
    flags: [isBare ? '-T' : '-tt', '-v'],
    settings: [
      ...quietly({ nullsStdin }),
      ...['RemoteCommand=none', 'FingerprintHash=sha256', ...(asksForKeys ? ['LogVerbose=none'] : [])],
    ],
    command: 'true',
  });
  let taken: NodeJS.Timeout | undefined;
  const from = now();
  const end = await runProgram(command, {
    env,
    timeoutMs: loginTimeoutMs,
    signal: AbortSignal.any([signal, stop.signal]),
    until: new RegExp(`^vmssh ${mark}: .*${hangsOrBoots}`, 'm'),
    onOutput(stdout) {
      onStage?.('waiting for the start files of the shell there');
      if (!taken && (takesTerminal.test(stdout) || wantsNewPassword.test(stdout)))
        taken = setTimeout(() => stop.abort(), takenMs).unref();
    },
    ...(isBare ? { stdin: 'socket' as const } : {}),
  }).catch((error: Error) => ({ code: null, stdout: '', stderr: error.message }));
  const ms = now() - from;
  signal.throwIfAborted();
  const stderr = withOursOnly(end.stderr, mark);
  const said = readSsh(stderr);
  return { end: { ...end, stderr }, said, ms, agent: await agent, settings: await settings };
}

/** Only what vmssh itself printed begins as it does: a hypervisor on the way writes to the same place. */
function withOursOnly(stderr: string, mark: string): string {
  return stderr.replaceAll(/^(?=vmssh\b)/gm, '> ').replaceAll(`> vmssh ${mark}:`, 'vmssh:');
}

/** Asks nothing, shares no connection, gives nothing of this host away, and has a session that ends with its command. */
export function quietly({ nullsStdin }: { readonly nullsStdin: boolean }): readonly string[] {
  const session = ['SessionType=default', 'StdinNull=no', 'ForkAfterAuthentication=no'];
  return [
    ...[asksNothing, ownConnection, ...forwardsNothing, 'PermitLocalCommand=no'],
    ...(nullsStdin ? session : []),
  ];
}

/** How long ssh may go on after its agent did not answer. Milliseconds. */
const agentPatienceMs = 8000;

/**
 * What a program prints that reads a person's keys from then on: it goes to the other screen, has pastes marked, or asks which terminal it
 * is. A file that is run at the start of a session may print anything else, and then end.
 */
export const takesTerminal = new RegExp(`${'\x1b'}\\[(?:\\?(?:1049|1047|47|2004)h|[>=]?0?c)`);

/** What sshd prints before it runs passwd in place of the command, or ends where there is no terminal. */
export const wantsNewPassword = /^WARNING: Your password has expired\./m;

/** How long a login may go on after such a program took the terminal. Milliseconds. */
const takenMs = 8000;

/** The environment that the user's shell gives ssh; without SHLVL where no shell starts ssh, as in a desktop's program or a unit. */
export function usersEnv({ env, usersShell }: Io, isBare: boolean): Io['env'] {
  return { ...env, ...usersShell, ...(isBare ? { SHLVL: undefined } : {}) };
}
