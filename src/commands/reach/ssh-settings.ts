import type { Io } from '../../cli/command.js';
import { type RunTool, runTool } from '../../discovery/tools/run-tool.js';

export interface SettingsOf {
  readonly host: string;
  /** ssh's configuration, as of ssh -F. */
  readonly sshConfig?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** For what a `Match exec` in the user's own configuration may take. Milliseconds. */
const timeoutMs = 5000;

/** What ssh would go by for a host, a keyword a line in small letters; "" if it cannot be asked. */
export async function sshSettings(
  { host, sshConfig, signal }: SettingsOf,
  { env }: Pick<Io, 'env'>,
  run: RunTool = runTool,
): Promise<string> {
  const args = ['-G', ...(sshConfig === undefined ? [] : ['-F', sshConfig]), '--', host];
  return run('ssh', args, { env, signal, timeoutMs }).catch(() => '');
}
