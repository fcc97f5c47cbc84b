import type { Command, RawArgs } from '../cli/command.js';
import { failureOf } from '../cli/failure.js';
import { envelope, type FailedJson, formatJson, jsonOption } from '../cli/json.js';
import type { Io } from '../process/io.js';

/** Prints a command's failure as JSON if it was asked for JSON, since it has no result to print. */
export function printFailure(command: Command<unknown>, raw: RawArgs, error: unknown, io: Io): void {
  if (!wantsJson(command, raw)) return;
  const { exitCode, json } = failureOf(error, io);
  const failed: FailedJson = { ...envelope(command.name, exitCode), ok: false, error: json };
  io.out(formatJson(failed));
}

function wantsJson({ options }: Command<unknown>, raw: RawArgs): boolean {
  if (!options.some(({ long }) => long === 'json')) return false;
  return jsonOption.read(raw) || raw.options.output === 'json';
}

/** The same for invalid arguments: whether --json is among them. */
export function mentionsJson(args: readonly string[]): RawArgs {
  const end = args.indexOf('--');
  const head = end < 0 ? args : args.slice(0, end);
  const isOutput = head.some(
    (arg, i) => /^(--output=|-o)json$/.test(arg) || (/^(--output|-o)$/.test(arg) && head[i + 1] === 'json'),
  );
  return { positionals: [], options: head.includes('--json') || isOutput ? { json: true } : {} };
}
