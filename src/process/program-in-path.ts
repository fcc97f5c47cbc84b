import { accessSync, constants, statSync } from 'node:fs';
import { basename, delimiter, isAbsolute, join, win32 } from 'node:path';
import type { Env } from '../base/runtime.js';

/** The path of a program that PATH finds, in absolute folders only; undefined if none does. */
export function programInPath(name: string, env: Env): string | undefined {
  return programsInPath(name, env)[0];
}

/** The same of all folders, in their order. */
export function programsInPath(name: string, { PATH }: Env): readonly string[] {
  const folders = (PATH ?? '').split(delimiter).filter(isAbsolute);
  return folders.map((folder) => join(folder, name)).filter(isProgram);
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

type Variables = Record<string, string | undefined>;

/**
 * For the ssh that we start, which starts its ProxyCommand by SHELL: one that reads no start file then, and an SHLVL by which bash reads none
 * (start-files.ts) but BASH_ENV, which goes. Returns what the user's own ssh has.
 */
export function quietShell(env: Variables, platform: NodeJS.Platform): Variables {
  const { SHELL, SHLVL, BASH_ENV, ZDOTDIR } = env;
  if (platform === 'win32') return {};
  const name = SHELL && isProgram(SHELL) ? basename(SHELL) : '';
  if (name === 'zsh') env.ZDOTDIR = '/dev/null';
  else if (SHELL !== undefined && !quietShells.has(name)) env.SHELL = '/bin/sh';
  if (!(Number(SHLVL) >= 1)) env.SHLVL = '1';
  // Reflect costs a login some: most have no BASH_ENV.
  if (BASH_ENV !== undefined) Reflect.deleteProperty(env, 'BASH_ENV');
  return { SHELL, SHLVL, BASH_ENV, ZDOTDIR };
}

/** A Match exec may be written for one of them, or for zsh, which reads .zshenv in ZDOTDIR, whatever started it. */
const quietShells: ReadonlySet<string> = new Set('ash bash dash ksh ksh93 mksh sh yash'.split(' '));

/** The path of a program, or another file, in System32, whatever PATH and the current folder are. */
export function systemProgram(name: string, env: Env): string {
  return win32.join(windowsFolder(env), 'System32', name);
}

/**
 * Takes the folders out of PATH that are not absolute: anybody may put an ssh into the current folder. If no other is
 * left, Windows' default folders are named, since a program without a PATH gets the one that its process began with.
 */
export function skipRelativeFolders(env: Variables, platform: NodeJS.Platform): void {
  const entries = env.PATH === undefined ? [] : entriesOf(env.PATH, platform);
  const kept = entries.filter((entry) => isAbsoluteFolder(unquoted(entry, platform), platform));
  const isEmpty = platform === 'win32' && kept.length === 0;
  if (kept.length === entries.length && !isEmpty) return;
  if (kept.length > 0) env.PATH = kept.join(platform === 'win32' ? ';' : ':');
  else if (isEmpty) env.PATH = systemFolders(env).join(';');
  else Reflect.deleteProperty(env, 'PATH');
}

function systemFolders(env: Env): readonly string[] {
  const root = windowsFolder(env);
  return [`${root}\\System32`, root, `${root}\\System32\\OpenSSH`];
}

/** Windows' own folder; C:\Windows if the environment names none that is absolute. */
function windowsFolder({ SystemRoot, SYSTEMROOT }: Env): string {
  const named = SystemRoot ?? SYSTEMROOT ?? '';
  return isAbsoluteFolder(named, 'win32') ? named : 'C:\\Windows';
}

/** The folders of a PATH. Windows skips what is empty, and takes quotes, in which a semicolon is part of the name. */
export function foldersOfPath(path: string, platform: NodeJS.Platform): readonly string[] {
  return entriesOf(path, platform).map((entry) => unquoted(entry, platform));
}

/** Whether a folder is the same whatever the current folder, and on Windows the current drive, is. */
export function isAbsoluteFolder(folder: string, platform: NodeJS.Platform): boolean {
  return platform === 'win32' ? /^([A-Z]:[\\/]|[\\/]{2})/i.test(folder) : folder.startsWith('/');
}

function entriesOf(path: string, platform: NodeJS.Platform): readonly string[] {
  if (platform !== 'win32') return path.split(':');
  return (path.match(/(?:"[^"]*"?|[^";])+/g) ?? []).filter((entry) => unquoted(entry, platform) !== '');
}

function unquoted(entry: string, platform: NodeJS.Platform): string {
  return platform === 'win32' ? entry.replaceAll('"', '') : entry;
}
