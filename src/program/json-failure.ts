import type { Command } from '../cli/command.js';
import { failureOf } from '../cli/failure.js';
import { envelope, type FailedJson, formatJson } from '../cli/json.js';
import type { Io } from '../process/io.js';

/** Prints a command's failure as JSON if its arguments ask for JSON, since it has no result to print. */
export function printFailure(
  command: Command<unknown>,
  args: readonly string[],
  error: unknown,
  io: Pick<Io, 'program' | 'out'>,
): void {
  const [head = ''] = ` ${args.join(' ')} `.split(' -- ');
  const hasJson = command.options.some(({ long }) => long === 'json');
  if (!hasJson || !/ (?:--json|--output[= ]json|-\w*o ?json)(?: |$)/.test(head)) return;
  const { exitCode, json } = failureOf(error, io);
  const failed: FailedJson = { ...envelope(command.name, exitCode), ok: false, error: json };
  io.out(formatJson(failed));
}
