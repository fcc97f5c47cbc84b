import type { Io } from '../cli/command.js';
import type { HostKeyPolicy } from '../identity/policy.js';
import { readState, stateFile } from '../ssh/config/state.js';
import { usersSettings, usersTexts } from '../ssh/users-names.js';
import { settings } from './options.js';

/**
 * What is done about a host key that nobody knows, if neither the lines nor VMSSH_HOST_KEYS say: as the user had `config install` keep it,
 * else as their own ssh_config says for any host. Lines for all users do not know either.
 */
export async function usersKeyPolicy({
  env,
  platform,
}: Pick<Io, 'env' | 'platform'>): Promise<HostKeyPolicy> {
  const state = await readState(stateFile(env, platform));
  const kept = state && settings.hostKeys.parse(state.options);
  return kept ?? usersSettings(await usersTexts({ env, platform })).hostKeys ?? 'accept-new';
}
