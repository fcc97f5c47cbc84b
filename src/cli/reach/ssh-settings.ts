import type { Io } from '../../process/io.js';
import { sshCommand, sshProgram } from '../../process/ssh-program.js';
import { type RunTool, runTool } from '../../sources/tools/run-tool.js';
import { ownAccount } from '../../ssh/folder.js';

interface SettingsOf {
  readonly host: string;
  /** ssh's configuration file, as for ssh -F. */
  readonly sshConfig?: string;
  readonly signal?: AbortSignal;
}

/** Time for a `Match exec` in the user's configuration. Milliseconds. */
const timeoutMs = 5000;

/** ssh's settings for a host, one lower-case keyword per line; "" if ssh cannot be asked. */
export async function sshSettings(
  { host, sshConfig, signal }: SettingsOf,
  { env, platform }: Pick<Io, 'env' | 'platform'>,
  run: RunTool = runTool,
): Promise<string> {
  const [program = 'ssh', ...first] = sshProgram({ env, platform });
  const args = sshCommand({ ssh: first, configFile: sshConfig, flags: ['-G'], host });
  return run(program, args, { env, signal, timeoutMs }).catch(() => '');
}

/** Default login user: ssh's User, else the local user; root on Windows. */
export async function sshUser(
  of: SettingsOf,
  io: Pick<Io, 'env' | 'platform'>,
  run?: RunTool,
): Promise<string> {
  if (io.platform === 'win32') return 'root';
  return /^user (.+)$/m.exec(await sshSettings(of, io, run))?.[1] ?? ownAccount()?.name ?? 'root';
}
