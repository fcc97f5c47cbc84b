import { spawn } from 'node:child_process';
import { type Outcome, outcome } from './run.js';

/** What to type before Enter, or what to do. */
export type Answer = string | ((type: (text: string) => void) => void);

/**
 * Runs a program on a terminal of its own, and types an answer and Enter, or calls it, once it asks. Stdout is what the terminal
 * shows.
 */
export function onTerminal(
  command: readonly string[],
  asks: RegExp,
  answer: Answer,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Outcome> {
  const line = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const child = spawn('script', ['-qefc', line, '/dev/null'], { timeout: 110_000, env });
  let shown = '';
  child.stdout.on('data', (part: Buffer) => {
    shown += part.toString();
    if (!asks.test(shown)) return;
    if (typeof answer === 'string') child.stdin.write(`${answer}\n`);
    else answer((text) => child.stdin.write(text));
    shown = '';
  });
  return outcome(child);
}
