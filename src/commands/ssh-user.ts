import { type RunTool, runTool } from '../discovery/run-tool.js';
import { ownAccount } from '../ssh/account.js';
import type { Io } from './command.js';

/** For what a `Match exec` in the user's own configuration may take. Milliseconds. */
const timeoutMs = 5000;

/**
 * Who logs in where neither the text nor the machine's manager tells: whom ssh takes by its configuration, else whoever
 * calls. On Windows that is nobody whom a guest knows, and it is root.
 */
export async function sshUser(
  { host, sshConfig, signal }: { host: string; sshConfig?: string | undefined; signal?: AbortSignal },
  { env, platform }: Pick<Io, 'env' | 'platform'>,
  run: RunTool = runTool,
): Promise<string> {
  if (platform === 'win32') return 'root';
  const args = ['-G', ...(sshConfig === undefined ? [] : ['-F', sshConfig]), '--', host];
  const settings = await run('ssh', args, { env, signal, timeoutMs }).catch(() => '');
  return /^user (.+)$/m.exec(settings)?.[1] ?? ownAccount()?.name ?? 'root';
}
