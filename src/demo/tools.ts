import { programInPath } from '../process/program-in-path.js';
import { runProgram } from '../process/run-program.js';

export type Tool = { readonly path: string; readonly version: string } | Missing;

export interface Missing {
  readonly path?: never;
  /** Why it cannot be used. */
  readonly missing: string;
  /** The command that fixes it. */
  readonly hint: string;
}

export interface OpenSsh {
  readonly ssh: Tool;
  readonly scp: Tool;
  /** The option that makes scp use SFTP. */
  readonly scpFlags: readonly string[];
}

const install = 'apt-get install openssh-client';

/** OpenSSH's programs in PATH. */
export async function findOpenSsh(
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
  runProgram: (words: readonly string[], signal: AbortSignal) => Promise<Outcome> = run,
): Promise<OpenSsh> {
  const sshPath = programInPath('ssh', env);
  if (!sshPath) return without('there is no ssh client in PATH');
  const { stderr } = await runProgram([sshPath, '-V'], signal);
  const [version, major, minor] = /OpenSSH_(\d+)\.(\d+)\w*/.exec(stderr) ?? [];
  if (!version) return without(`${sshPath} is not OpenSSH's`);
  const scpPath = programInPath('scp', env);
  const number = Number(major) * 100 + Number(minor);
  return {
    ssh: { path: sshPath, version },
    scp: scpOf(scpPath, version, number),
    scpFlags: number < 900 ? ['-s'] : [],
  };
}

/** Before 8.7 scp ran a program on the other side, which the demo's server never does. */
function scpOf(path: string | undefined, version: string, number: number): Tool {
  if (!path) return { missing: 'there is no scp in PATH', hint: install };
  if (number < 807) {
    return { missing: `the scp of ${version} does not speak SFTP`, hint: 'scp does from OpenSSH 8.7 on' };
  }
  return { path, version };
}

function without(missing: string): OpenSsh {
  const tool = { missing, hint: install };
  return { ssh: tool, scp: tool, scpFlags: [] };
}

export interface Outcome {
  /** Null if a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longer than any step on a slow machine, so that none hangs forever. Milliseconds. */
const timeoutMs = 30_000;

/** Runs a program without stdin. An abort and the time limit end it, with all that it started. */
export async function run(
  command: readonly string[],
  signal: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Outcome> {
  const { code: exitCode, stdout, stderr } = await runProgram(command, { env, signal, timeoutMs });
  signal.throwIfAborted();
  return { exitCode, stdout, stderr };
}
