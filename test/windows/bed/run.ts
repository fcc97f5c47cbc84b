import { inject } from 'vitest';
import { type Outcome, type RunOptions, run } from '../../helpers/run.js';
import { inWine } from './cache.js';
import { repo, workFile } from './paths.js';
import { workFolder } from './work-folder.js';

/** A command line for Linux that runs a Windows program with the pipes of Win32-OpenSSH. */
export function onWindows(program: readonly string[]): string[] {
  return ['bash', inWine, inject('wine'), repo, workFolder(), workFile('bridge.exe'), ...program];
}

/** The environment in which the program finds the fake of hvsock, set as `settings` say: { PORT: '1234' }. */
export function withHvsock(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const named = Object.entries(settings).map(([name, value]) => [`FAKE_HV_${name}`, value]);
  return { ...process.env, BRIDGE_INJECT: workFile('winsock.dll'), ...Object.fromEntries(named) };
}

/** Runs a Windows program to its end. */
export function runOnWindows(program: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run(onWindows(program), options);
}
