import { notRun } from '../../checks/try-login.js';
import type { Io } from '../../cli/command.js';
import { formatProgress, type HostFlags } from '../../cli/guest.js';
import { styles } from '../../cli/terminal.js';
import { printable } from '../../errors.js';
import {
  type GuestRouteOptions,
  guestRoute,
  leaveScript,
  leftFile,
  runLeft,
  sudoAsks,
} from '../../guest/run/route.js';
import { type ProgressLine, runScript, type ScriptOutcome } from '../../guest/run/run-script.js';

/** Runs a script as root in a guest and prints its lines; if sudo asks for a password, it does so on this terminal. */
export type RootRunner = (into: HostFlags, script: string, port?: number) => Promise<ScriptOutcome>;

export async function rootRunner(io: Io, signal: AbortSignal): Promise<RootRunner> {
  const style = await styles(io, 'stdout');
  const { self, platform, env, terminal } = io;
  const onLine = (line: ProgressLine) => io.out(formatProgress(line, style));
  return async (into, script, port) => {
    const options = { ...into, script, port, needsRoot: true, self, platform };
    const route = guestRoute(options);
    const outcome = await runScript(route, { env, signal, onLine });
    if (outcome.code !== undefined) return outcome;
    if (terminal.stdin && terminal.stdout && sudoAsks(outcome.message)) return runOnTerminal(options);
    throw await notRun(options, route, outcome, io, signal);
  };

  async function runOnTerminal(options: GuestRouteOptions): Promise<ScriptOutcome> {
    const leave = leaveScript(options);
    const left = await runScript(leave, { env, signal, onLine });
    const file = leftFile(left.message);
    if (file === undefined) throw await notRun(options, leave, left, io, signal);
    const route = runLeft(options, file);
    // ssh puts the terminal into raw mode, where a line ends with \r\n.
    const show = (text: string) => io.out(text.replaceAll('\n', '\r\n'));
    const outcome = await runScript(route, {
      env,
      signal,
      onLine: (line) => show(formatProgress(line, style)),
      onOther: (text) => show(text.split('\n').map(printable).join('\n')),
    });
    if (outcome.code === undefined) throw await notRun(options, route, outcome, io, signal);
    return outcome;
  }
}
