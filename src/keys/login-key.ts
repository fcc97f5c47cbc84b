import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Env, Here } from '../base/runtime.js';
import type { Target } from '../kinds/kinds.js';
import { settingIn, sshCommand, sshProgram } from '../process/ssh-program.js';
import { ownSource } from '../sources/sources.js';
import { type RunTool, runTool } from '../sources/tools/run-tool.js';
import { ownAccount } from '../ssh/folder.js';
import { nameOf } from '../typed/target.js';
import { guestKeysFor } from './guest-keys.js';

/** A machine, and the private key that its manager made for its login. */
interface WithKey {
  readonly target: Target;
  readonly machine?: { readonly name: string; readonly identityFile?: string };
}

/** The private key for a login: that of `guest credentials`, else the manager's; undefined if this user's ssh could use none. */
export async function loginKey(named: WithKey, env: Env): Promise<string | undefined> {
  return guestKeysFor(named, env)?.identityFile ?? ownKeyFile(named.machine?.identityFile);
}

/** The path, if the file there is this user's and nobody else's to read: ssh complains at each login of any other. */
export async function ownKeyFile(
  path: string | undefined,
  uid: number | undefined = process.getuid?.(),
): Promise<string | undefined> {
  // ssh would put a variable in its place, and has no escape for that.
  if (path === undefined || path.includes('${')) return undefined;
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    const isOwn = uid === undefined || (stats.uid === uid && (stats.mode & 0o077) === 0);
    return stats.isFile() && isOwn ? path : undefined;
  } finally {
    await file.close();
  }
}

/** The fix for a refused login, if this user may not read the key that the manager made; undefined if they may, or there is no other way. */
export async function keyFix(target: Target, identityFile: string | undefined): Promise<string | undefined> {
  if (identityFile === undefined || (await ownKeyFile(identityFile)) !== undefined) return undefined;
  const source = await ownSource(target.kind)?.load();
  return source?.hints?.key?.(nameOf(target));
}

interface SettingsOf {
  readonly host: string;
  readonly sshConfig?: string;
  /** ssh and its first options; undefined: the one that vmssh starts. */
  readonly ssh?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Time for a `Match exec` in the user's configuration. Milliseconds. */
const timeoutMs = 5000;

/** ssh's settings for a host, one lower-case keyword per line; "" if ssh cannot be asked. */
export async function sshSettings(of: SettingsOf, { env, platform }: Here, run: RunTool = runTool) {
  const { host, sshConfig, signal, ssh = sshProgram({ env, platform }) } = of;
  const [program = 'ssh', ...first] = ssh;
  const args = sshCommand({ ssh: first, configFile: sshConfig, flags: ['-G'], host });
  return run(program, args, { env, signal, timeoutMs }).catch(() => '');
}

/** The algorithms of host keys that ssh takes, in its own order: one with FIPS takes no ed25519. None if it does not say. */
export async function hostKeyAlgorithms(of: SettingsOf, io: Here): Promise<readonly string[]> {
  return settingIn(await sshSettings(of, io), 'hostkeyalgorithms')?.split(/\s*,\s*/) ?? [];
}

/** What ssh takes where nobody says it. User: its own, else the local user; root on Windows. `port`: as text; undefined if it cannot be asked. */
export async function sshLogin(
  of: SettingsOf,
  io: Here,
  run?: RunTool,
): Promise<{ readonly user: string; readonly port: string | undefined }> {
  const said = await sshSettings(of, io, run);
  const own = io.platform === 'win32' ? 'root' : (settingIn(said, 'user') ?? ownAccount()?.name);
  return { user: own ?? 'root', port: settingIn(said, 'port') };
}
