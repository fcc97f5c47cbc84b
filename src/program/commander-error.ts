import type { CommanderError } from 'commander';
import { UsageError } from '../cli/command.js';
import { insteadInGroup, insteadOf, sameAs } from '../lookup/other-verbs.js';

/**
 * A mistake found by commander, as our own error; `name`: the command's, '' for the program. Help and the version are
 * not mistakes.
 */
export function asUsage(error: CommanderError, name: string, names: readonly string[]): Error {
  if (!error.message.startsWith('error: ')) return error;
  const [, text = '', guess] = /^error: (.*?)(?:\n\((Did you mean .*\?)\))?$/s.exec(error.message) ?? [];
  const [, unknown] = /^unknown command '(.*)'$/s.exec(text) ?? [];
  const isOfProgram = unknown !== undefined && name === '';
  const known = unknown === undefined ? undefined : insteadInGroup(name, unknown);
  const hint = isOfProgram
    ? insteadOf(unknown, names)
    : (known ?? guess?.replace('Did', 'did') ?? (unknown === undefined ? undefined : sameAs(unknown, names)));
  const usage = new UsageError(text.replace(/'(.*)'/s, '"$1"'), hint);
  usage.command = name;
  return usage;
}
