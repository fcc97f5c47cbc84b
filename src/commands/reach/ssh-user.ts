import type { Io } from '../../cli/command.js';
import type { RunTool } from '../../discovery/tools/run-tool.js';
import { ownAccount } from '../../ssh/account.js';
import { type SettingsOf, sshSettings } from './ssh-settings.js';

/**
 * Who logs in where neither the text nor the machine's manager tells: whom ssh takes by its configuration, else whoever
 * calls. On Windows that is nobody whom a guest knows, and it is root.
 */
export async function sshUser(
  of: SettingsOf,
  io: Pick<Io, 'env' | 'platform'>,
  run?: RunTool,
): Promise<string> {
  if (io.platform === 'win32') return 'root';
  return /^user (.+)$/m.exec(await sshSettings(of, io, run))?.[1] ?? ownAccount()?.name ?? 'root';
}
