import type { Command, Io, RawArgs } from '../cli/command.js';
import { failureOf } from '../cli/failure.js';
import { envelope, type FailedJson, formatJson, jsonOption } from '../cli/json.js';

/** A failure as JSON, for a command with --json that has no result. */
export function failedJson(command: string, error: unknown, io: Pick<Io, 'program'>): string {
  const { exitCode, json } = failureOf(error, io);
  const failed: FailedJson = { ...envelope(command, exitCode), ok: false, error: json };
  return formatJson(failed);
}

/** Whether a command prints JSON. */
export function wantsJson({ options }: Pick<Command<unknown>, 'options'>, raw: RawArgs): boolean {
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
