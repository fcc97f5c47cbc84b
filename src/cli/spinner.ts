import { now } from '../clock.js';
import type { Io } from './command.js';

/** A line on stderr that shows what is being waited for, and for how long. */
export interface Progress {
  update(text: string): void;
  /** Takes the line away for other output, until it is drawn again. */
  clear(): void;
  stop(): void;
}

/** The parts of the process that are needed to restore the terminal. */
type Host = Pick<NodeJS.Process, 'prependListener' | 'off' | 'listenerCount' | 'exit'>;

/** A spinner with the elapsed seconds on a terminal; nothing elsewhere. */
export async function startProgress(
  io: Io,
  text: string,
  clock: () => number = now,
  host: Host = process,
): Promise<Progress> {
  if (!io.terminal.stderr || io.env.TERM === 'dumb' || io.env.CI)
    return { update() {}, clear() {}, stop() {} };
  const { default: createSpinner } = await import('yocto-spinner');
  const start = clock();
  let shown = text;
  const line = () => `${shown} (${Math.floor((clock() - start) / 1000)} s)`;
  // Its own handlers would end the process before a command can report how far it got.
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
  // Before a command's own handlers: `onSignal` counts those that are left.
  host.prependListener('SIGINT', onSignal).prependListener('SIGTERM', onSignal);
  return {
    update(next) {
      shown = next;
      spinner.text = line();
    },
    clear: () => spinner.clear(),
    stop,
  };
}
