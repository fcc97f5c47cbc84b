import { UsageError } from '../../cli/command.js';
import { quote } from '../../errors.js';
import type { RouteName } from '../../route.js';

/** Our options that are for the proxy. */
export interface ForProxy {
  /** Seconds for its --wait. */
  readonly waitSeconds?: number | undefined;
  /** For its --route. */
  readonly routes?: readonly RouteName[] | undefined;
  /** Start a machine that is off. */
  readonly start?: boolean | undefined;
}

/**
 * The value of rsync's `-e`. rsync calls it with a form of the target that it accepts as a host; --typed gives
 * `vmssh ssh` the target itself. The options of the user's own `-e 'ssh OPTIONS'` are kept. Throws a UsageError.
 */
export function remoteShell(
  args: readonly string[],
  self: readonly string[],
  target: string,
  { waitSeconds, routes, start }: ForProxy,
): string {
  const given = args.flatMap((arg, i) => shellOf(arg, args[i + 1])?.shell ?? []).at(-1);
  const options = given === undefined ? '' : given.replace(/^\s*\S*ssh(?=\s|$)/, '');
  if (given !== undefined && options === given)
    throw new UsageError(`rsync's -e has to be ssh and its options here, not ${quote(given)}`);
  // rsync's own quoting: a quote inside quotes is doubled (rsync(1), --rsh).
  const quoted = (word: string) => `'${word.replaceAll("'", "''")}'`;
  const typed = quoted(`--typed=${target}`);
  const ours = [
    ...(waitSeconds === undefined ? [] : [` --wait=${waitSeconds}`]),
    ...(routes ? [` --route=${routes.join(',')}`] : []),
    ...(start ? [' --start'] : []),
  ];
  return `${self.map(quoted).join(' ')} ssh ${typed}${ours.join('')}${options}`;
}

/** The arguments without the user's own `-e`, in each of its forms. */
export function withoutShell(args: readonly string[]): readonly string[] {
  const left: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const found = shellOf(arg, args[i + 1]);
    if (found === undefined) left.push(arg);
    else {
      if (found.flags !== '') left.push(`-${found.flags}`);
      if (found.apart) i++;
    }
  }
  return left;
}

// "-e X", "-aeX", "--rsh X", "--rsh=X".
function shellOf(arg: string, next = ''): { shell: string; flags: string; apart: boolean } | undefined {
  const long = /^--rsh(?:=(.*))?$/s.exec(arg);
  if (long) return { shell: long[1] ?? next, flags: '', apart: long[1] === undefined };
  const [match, flags = '', value = ''] = /^-([^-BfMT@e]*)e(.*)$/s.exec(arg) ?? [];
  if (match === undefined) return undefined;
  return { shell: value || next, flags, apart: value === '' };
}
