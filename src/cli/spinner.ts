import type { Io } from './command.js';

/** A line that shows on stderr that and how long something waits. */
export interface Progress {
  tell(text: string): void;
  stop(): void;
}

/** What is needed of the process, to leave the terminal as it was. */
type Host = Pick<NodeJS.Process, 'prependListener' | 'off' | 'listenerCount' | 'exit'>;

/** A spinner with elapsed seconds on a terminal, and nothing elsewhere. */
export async function startProgress(
  io: Io,
  text: string,
  now: () => number = Date.now,
  host: Host = process,
): Promise<Progress> {
  if (!io.terminal.stderr || io.env.TERM === 'dumb' || io.env.CI) return { tell() {}, stop() {} };
  const { default: createSpinner } = await import('yocto-spinner');
  const start = now();
  let shown = text;
  const line = () => `${shown} (${Math.floor((now() - start) / 1000)} s)`;
  // Its own handlers would end the process before a command can tell how far it came.
  const spinner = createSpinner({ text: line(), handleSignals: false }).start();
  const timer = setInterval(() => {
    spinner.text = line();
  }, 250);
  const stop = () => {
    clearInterval(timer);
    spinner.stop();
    host.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    stop();
    if (host.listenerCount(signal) === 0) host.exit(signal === 'SIGINT' ? 130 : 143);
  };
  // Before those of a command, which may be there for one time only: what stays counts.
  host.prependListener('SIGINT', onSignal).prependListener('SIGTERM', onSignal);
  return {
    tell(next) {
      shown = next;
      spinner.text = line();
    },
    stop,
  };
}
