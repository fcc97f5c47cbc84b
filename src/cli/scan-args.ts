import { type OptionSpec, type RawArgs, UsageError } from './command.js';

/** Splits arguments by a command's options, for the proxy. Undefined if the full parser is needed: --help, a mistake. Throws a UsageError. */
export function scanArgs(specs: readonly OptionSpec[], args: readonly string[]): RawArgs | undefined {
  const positionals: string[] = [];
  const options: Record<string, RawArgs['options'][string]> = {};
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--') return { positionals: [...positionals, ...args.slice(i + 1)], options };
    if (!arg.startsWith('-') || arg === '-') {
      positionals.push(arg);
      continue;
    }
    const isLong = arg.startsWith('--');
    const sign = isLong ? arg.indexOf('=') : -1;
    const given = sign < 0 ? undefined : arg.slice(sign + 1);
    const name = arg.slice(isLong ? 2 : 1, sign < 0 ? undefined : sign);
    const spec = specs.find((each) => (isLong ? each.long : each.short) === name);
    if (!spec) return undefined;
    if (spec.value === undefined || spec.optionalValue) {
      if (given !== undefined && spec.value === undefined) return undefined;
      if (given === undefined && spec.optionalValue) refuseApart(spec, arg, args[i + 1]);
      options[spec.long] = given ?? true;
    } else {
      const value = given ?? args[++i];
      if (value === undefined) return undefined;
      const before = options[spec.long];
      options[spec.long] = spec.repeats ? [...(Array.isArray(before) ? before : []), value] : value;
    }
  }
  return { positionals, options };
}

/** An optional value needs "=": the 5 of "--wait 5" would be taken for a target. Throws a UsageError. */
export function refuseApart({ long }: Pick<OptionSpec, 'long'>, typed: string, next?: string): void {
  if (next === undefined || !/^\d+(\.\d+)?$/.test(next)) return;
  throw new UsageError(
    `--${long} needs "=" before its value: got "${typed} ${next}"`,
    `--${long}=${next}, or ${typed} at the end if ${next} is not its value`,
  );
}
