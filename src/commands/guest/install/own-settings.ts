import type { Io } from '../../../cli/command.js';
import type { HostFlags } from '../../../cli/guest/host-flags.js';
import { sshSettings } from '../../../cli/reach/ssh-settings.js';
import { ownAccount } from '../../../ssh/account.js';
import { configArgument } from '../../../ssh/config/word.js';

/** What the user's ssh_config has for the login to HOST. */
export interface OwnSettings {
  /** Undefined: the local user's name. */
  readonly user: string | undefined;
  /** Its keys, as keywords and arguments. */
  readonly keys: readonly (readonly [string, string])[];
}

/** Asks ssh. A HOST that ssh is not called with by its name has none. */
export async function ownSettings(
  { host, route, sshConfig }: HostFlags,
  io: Io,
  signal: AbortSignal,
): Promise<OwnSettings> {
  if (route !== 'ssh') return { user: undefined, keys: [] };
  const own = await sshSettings({ host, sshConfig, signal }, io);
  const plain = await sshSettings({ host, sshConfig: 'none', signal }, io);
  const user = valuesOf('user', own)[0];
  const byDefault = valuesOf('identityfile', plain);
  const files = valuesOf('identityfile', own).filter((file) => !byDefault.includes(file));
  const only = valuesOf('identitiesonly', own)[0] === 'yes';
  return {
    user: user === ownAccount()?.name ? undefined : user,
    keys: [
      ...files.map((file) => ['IdentityFile', configArgument(file)] as const),
      ...(only ? [['IdentitiesOnly', 'yes'] as const] : []),
    ],
  };
}

/** The values of a keyword in what `ssh -G` prints. */
function valuesOf(keyword: string, settings: string): readonly string[] {
  const lines = settings.split(/\r?\n/);
  return lines.flatMap((line) => (line.startsWith(`${keyword} `) ? [line.slice(keyword.length + 1)] : []));
}
