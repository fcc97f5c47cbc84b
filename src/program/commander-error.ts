import type { CommanderError } from 'commander';
import { UsageError } from '../cli/command.js';

/** A mistake that commander found, in our own words; `name`: the command's. What only printed help is left as it is. */
export function asUsage(error: CommanderError, name: string): Error {
  if (!error.message.startsWith('error: ')) return error;
  const [, message = '', guess] = /^error: (.*?)(?:\n\((Did you mean .*\?)\))?$/s.exec(error.message) ?? [];
  const usage = new UsageError(message.replace(/'(.*)'/s, '"$1"'), guess?.replace('Did', 'did'));
  usage.command = name;
  return usage;
}
