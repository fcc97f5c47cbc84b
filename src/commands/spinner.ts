import type { Io } from './command.js';

/** A line that shows on stderr that and how long something waits. */
export interface Progress {
  tell(text: string): void;
  stop(): void;
}

/** A spinner with elapsed seconds on a terminal, and nothing elsewhere. */
export async function startProgress(io: Io, text: string, now: () => number = Date.now): Promise<Progress> {
  if (!io.terminal.stderr || io.env.TERM === 'dumb' || io.env.CI) return { tell() {}, stop() {} };
  const { default: createSpinner } = await import('yocto-spinner');
  const start = now();
  let words = text;
  const line = () => `${words} (${Math.floor((now() - start) / 1000)} s)`;
  const spinner = createSpinner({ text: line() }).start();
  const timer = setInterval(() => {
    spinner.text = line();
  }, 250);
  return {
    tell(next) {
      words = next;
      spinner.text = line();
    },
    stop() {
      clearInterval(timer);
      spinner.stop();
    },
  };
}
