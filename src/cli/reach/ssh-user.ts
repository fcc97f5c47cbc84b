import type { RunTool } from '../../discovery/tools/run-tool.js';
import { ownAccount } from '../../ssh/account.js';
import type { Io } from '../command.js';
import { type SettingsOf, sshSettings } from './ssh-settings.js';

/**
 * Default login user: ssh's User, else the local user; root on Windows.
 */
export async function sshUser(
  of: SettingsOf,
  io: Pick<Io, 'env' | 'platform'>,
  run?: RunTool,
): Promise<string> {
  if (io.platform === 'win32') return 'root';
  return /^user (.+)$/m.exec(await sshSettings(of, io, run))?.[1] ?? ownAccount()?.name ?? 'root';
}
