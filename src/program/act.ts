import type { Command, RawArgs } from '../cli/command.js';

/** Runs a command with its arguments; resolves to the exit code. */
export type Act = (command: Command<unknown>, raw: RawArgs) => Promise<number>;
