import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Addon } from 'node-hvsock-native';
import { ConnectError, quote } from '../../base/errors.js';
import { selfCommand } from '../../base/runtime.js';
import { passFd } from '../../deliver/pass-fd.js';
import { kindOf, type Target } from '../../kinds/kinds.js';
import type { Io } from '../../process/io.js';
import { shellCode } from '../../process/terminate.js';
import { findWindowsVmssh, isWsl } from '../../sources/hyper-v/wsl-windows.js';
import { ownArgs } from '../../typed/proxy-args.js';
import type { ReachFlags } from '../shared-options.js';

/** Inside WSL2: the Windows build of vmssh for a target that only Windows can reach; undefined anywhere else. */
export function windowsVmssh(target: Target, io: Io): string | undefined {
  const { platform, env } = io;
  if (kindOf(target).from !== 'windows-wsl2') return undefined;
  return platform === 'linux' && isWsl({ env }) ? findWindowsVmssh({ env }) : undefined;
}

export function reachArgs(flags: ReachFlags): readonly string[] {
  // No other option of the caller's: the vmssh on this side passes the socket and leaves the note.
  const { isTimed, timeoutMs, waitMs, routes, start, verbose } = flags;
  return ownArgs({ timeoutMs: isTimed ? timeoutMs : undefined, waitMs, routes, start, verbose });
}

async function startOverInterop(
  program: string,
  args: readonly string[],
  text: string,
  options: SpawnOptions,
): Promise<ChildProcess> {
  const { calledAs } = await import('../failure.js');
  const { env, platform } = process;
  const VMSSH_CALLED_AS = calledAs('vmssh', { self: selfCommand(), env, platform });
  // What WSLENV names is handed on: https://learn.microsoft.com/en-us/windows/wsl/filesystems#share-environment-variables-between-windows-and-wsl-with-wslenv
  const WSLENV = [env.WSLENV, 'VMSSH_CALLED_AS/w', 'VMSSH_MARK/w'].filter(Boolean).join(':');
  const child = spawn(program, args, { ...options, env: { ...env, VMSSH_CALLED_AS, WSLENV } });
  try {
    await once(child, 'spawn');
    return child;
  } catch (error) {
    throw notStarted(program, text, error);
  }
}

export function notStarted(program: string, text: string, cause: unknown): ConnectError {
  return new ConnectError('connect', text, {
    code: 'NOT_RUN',
    problem: `${quote(program)} of Windows could not be started: ${(cause as Error).message}`,
    hint: 'set VMSSH_WINDOWS to its path, or put it on PATH; if no Windows program starts: wsl --shutdown, on Windows',
    cause,
  });
}

/** Runs the Windows build with our own stdin, stdout and stderr. Resolves to its exit code. Throws a ConnectError. */
export async function runOverInterop(program: string, args: readonly string[], text: string) {
  const child = await startOverInterop(program, args, text, { stdio: 'inherit' });
  const [code, signal] = await once(child, 'exit');
  return shellCode({ code, signal });
}

/** Starts the Windows build on one end of a socket, and passes the other end to ssh. Throws a ConnectError. */
export async function passOverInterop(program: string, args: readonly string[], addon: Addon, text: string) {
  const { handle, peer, descriptor } = addon.socketPair();
  try {
    const child = await startOverInterop(program, args, text, { stdio: [descriptor, descriptor, 'inherit'] });
    child.unref();
  } finally {
    addon.close(peer);
  }
  passFd(addon, handle, text);
}
