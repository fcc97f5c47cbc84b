import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Env, Here } from '../../base/runtime.js';
import { runProgram } from '../../process/run-program.js';
import { settingIn, sshCommand, sshProgram } from '../../process/ssh-program.js';
import { ended } from '../../process/terminate.js';
import { connectMs, hopOptions, patience, settingsFor } from './hop-command.js';

/** The folder with the connections that a command and what it starts share: a socket for each hypervisor. */
const variable = 'VMSSH_HOPS';

/** How long a connection stays that nobody uses, as after a command that was killed. Seconds. */
const idleSeconds = 60;

/**
 * Logs in once to each of `hosts` where ssh can ask its user something, and runs what would log in there several times: `entered` are those
 * that let it in.
 */
export async function sharingLogins<T>(
  hosts: readonly string[],
  { env, platform }: Here,
  work: (env: Env, entered: ReadonlySet<string>) => Promise<T>,
): Promise<T> {
  const entered = new Set<string>();
  const mayAsk = hosts.length > 0 && platform !== 'win32' && !env[variable] && patience(env) > 0;
  const folder = mayAsk ? await mkdtemp('/tmp/vmssh-hops-').catch(() => undefined) : undefined;
  if (folder === undefined) return work(env, entered);
  const inside = { ...env, [variable]: folder };
  const all = [...new Set(hosts)];
  try {
    // Two questions at once cannot be told apart.
    for (const host of all) if (await login(host, inside)) entered.add(host);
    return await work(inside, entered);
  } finally {
    await Promise.all(all.map((host) => logout(host, inside)));
    await rm(folder, { recursive: true, force: true });
  }
}

/** For an ssh that logs in to `host`: the connection that is shared. None if there is none. */
export function sharedSettings(host: string, env: Env): readonly string[] {
  const path = pathFor(host, env);
  return path !== undefined && existsSync(path) ? ['ControlMaster=no', `ControlPath=${path}`] : [];
}

function pathFor(host: string, { [variable]: folder }: Env): string | undefined {
  return folder && join(folder, createHash('sha256').update(host).digest('hex').slice(0, 16));
}

/** Whether it is in. What ssh says of a failure is said later, by the ssh that has to go on. */
async function login(host: string, env: Env): Promise<boolean> {
  const ssh = sshProgram({ env, platform: process.platform });
  const said = await settingsFor({ ssh, host }, env);
  const own = settingIn(said, 'controlpath') ?? 'none';
  const { flags, settings } = hopOptions(connectMs);
  const words = { ssh, flags, settings, host };
  if (own !== 'none' && (await succeeds(sshCommand({ ssh, flags: ['-O', 'check'], host }), env))) return true;
  // The user's ssh goes on with its own connection.
  const isKept = settingIn(said, 'controlpersist') !== 'no' && settingIn(said, 'controlmaster') !== 'false';
  if (own !== 'none' && isKept) return succeeds(sshCommand({ ...words, command: 'true' }), env);
  const shared = ['ControlMaster=yes', `ControlPath=${pathFor(host, env)}`, `ControlPersist=${idleSeconds}`];
  const inBackground = { ...words, flags: [...flags, '-f', '-N'], settings: [...settings, ...shared] };
  return succeeds(sshCommand(inBackground), env);
}

async function succeeds([program = '', ...args]: readonly string[], env: Env): Promise<boolean> {
  const end = await ended(spawn(program, args, { env, stdio: 'ignore' })).catch(() => undefined);
  return end?.code === 0;
}

async function logout(host: string, env: Env): Promise<void> {
  const settings = sharedSettings(host, env);
  if (settings.length === 0) return;
  const ssh = sshProgram({ env, platform: process.platform });
  const words = sshCommand({ ssh, flags: ['-O', 'exit'], settings, host });
  await runProgram(words, { env, timeoutMs: connectMs }).catch(() => {});
}
