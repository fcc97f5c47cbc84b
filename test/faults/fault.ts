import { appendFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type RunOptions, run } from '../helpers/run.js';
import { listening } from '../helpers/sockets/servers.js';
import { useTempDir } from '../helpers/temp-dir.js';

/** One fault, and what the user must see. */
export interface Fault {
  readonly name: string;
  /** Answers at the socket that `command` gets; undefined: nothing listens there. */
  readonly peer?: (socket: Socket) => unknown;
  /** The command to run; `socket` is the path of the peer, `dir` a folder for this fault's files. */
  readonly command: (socket: string, dir: string) => readonly string[] | Promise<readonly string[]>;
  readonly options?: RunOptions;
  /** The exit code, or the signal that ended it. */
  readonly ends: number | NodeJS.Signals;
  /** On stderr; an empty string: nothing. */
  readonly says: RegExp | '';
  /** On stdout; undefined: nothing. */
  readonly prints?: RegExp;
  /** What else must be true afterwards. */
  readonly check?: (dir: string) => void;
}

/** Faults by their names. What neither they nor all of them say: it ends with 0 and says nothing. */
export type Rows = Readonly<Record<string, Partial<Omit<Fault, 'name'>>>>;

/** Seconds within which each must end. */
export const within = 20;

/** Runs each fault as a test of its own, and counts it if VMSSH_FAULTS names a file. `common`: what all of them have. */
export function faults(group: string, all: Rows, common: Partial<Fault> = {}): void {
  const dir = useTempDir();
  let count = 0;
  it.each(Object.keys(all))('%s', { timeout: 2000 * within }, async (name) => {
    const fault: Fault = { name, command: () => [], ends: 0, says: '', ...common, ...all[name] };
    const socket = join(dir, `${++count}`);
    if (fault.peer) await listening(createServer({ allowHalfOpen: true }, fault.peer), socket);
    const outcome = await run(await fault.command(socket, dir), {
      keepOpen: true,
      timeout: within * 1000,
      killSignal: 'SIGKILL',
      env: ownEnv(dir),
      ...fault.options,
    });
    expect(outcome.signal ?? outcome.code, outcome.stderr).toBe(fault.ends);
    expect(outcome.stderr).toMatch(fault.says === '' ? /^$/ : fault.says);
    expect(outcome.stdout).toMatch(fault.prints ?? /^$/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters from others must not reach the terminal
    expect(outcome.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    fault.check?.(dir);
    const { VMSSH_FAULTS } = process.env;
    if (VMSSH_FAULTS !== undefined) appendFileSync(VMSSH_FAULTS, `${group}: ${name}\n`);
  });
}

/** Leaves out this machine's own services, and variables that change a message. */
export function ownEnv(dir: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: dir, TMPDIR: dir, XDG_RUNTIME_DIR: dir, LANG: 'C.UTF-8' };
}
