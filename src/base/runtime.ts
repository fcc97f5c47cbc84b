import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';

export type Env = Readonly<Record<string, string | undefined>>;

/** Whose files and programs count, and on which system. */
export interface Here {
  readonly env: Env;
  readonly platform: NodeJS.Platform;
}

/** Whether this is the executable, where no interpreter runs a script. */
export const isCompiled = 'quickjs' in process.versions;

/** How to call this program again: the executable, or the interpreter and the script. */
export function selfCommand(): readonly string[] {
  const script = process.argv[1];
  return isCompiled || script === undefined ? [process.execPath] : [process.execPath, resolve(script)];
}

export interface Surroundings {
  readonly env: Env;
  readonly terminal: { readonly stdout: boolean; readonly stderr: boolean };
}

/** Whether a stream gets colours: not a pipe, nor with NO_COLOR (https://no-color.org) or TERM=dumb, unless FORCE_COLOR is set. */
export function wantsColor({ env, terminal }: Surroundings, stream: 'stdout' | 'stderr'): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return terminal[stream] && env.TERM !== 'dumb';
}

/** Whether this process has a terminal, which its stdin and stdout need not be. */
export function hasTerminal(
  path: string = process.platform === 'win32' ? '\\\\.\\CONIN$' : '/dev/tty',
  flags = 'r',
): boolean {
  try {
    closeSync(openSync(path, flags));
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds on a monotonic clock. The first `performance.now()` makes Node load 0.6 ms of code; this loads none. */
export function now(): number {
  return process.uptime() * 1000;
}

/** A path, or those in a text, as a person writes them. */
export function tilde(text: string, { HOME }: Env): string {
  return HOME ? ` ${text}`.replaceAll(` ${HOME}/`, ' ~/').slice(1) : text;
}

/** What comes of `work`; undefined after `deadline`, of `now`. */
export async function before<T>(work: Promise<T>, deadline: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, deadline - now()));
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
