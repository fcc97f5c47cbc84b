import { type ChildProcess, spawnSync } from 'node:child_process';
import { systemProgram } from './system-program.js';

export interface EndEffects {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly kill: (pid: number, signal: NodeJS.Signals) => unknown;
  readonly run: typeof runShortly;
}

const effects: EndEffects = {
  platform: process.platform,
  get env() {
    return process.env;
  },
  kill: (pid, signal) => process.kill(pid, signal),
  run: runShortly,
};

/**
 * Kills a program and what it started: its process group, or on Windows its process tree. A daemon, which has left the
 * group, goes on.
 */
export function endTree(
  { pid }: Pick<ChildProcess, 'pid'>,
  { platform, env, kill, run }: EndEffects = effects,
): void {
  if (pid === undefined) return;
  // The tree is found by its root, which must still exist.
  if (platform === 'win32') run(systemProgram('taskkill.exe', env), ['/pid', String(pid), '/t', '/f']);
  for (const target of platform === 'win32' ? [pid] : [-pid, pid]) {
    try {
      kill(target, 'SIGKILL');
    } catch {
      // It has exited by itself.
    }
  }
}

function runShortly(program: string, args: readonly string[]): void {
  spawnSync(program, args, { stdio: 'ignore', windowsHide: true, timeout: 2000 });
}
