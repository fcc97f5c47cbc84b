import { checkUserName } from '../../address/user-name.js';
import { checkTarget } from '../../checks/check-target.js';
import { formatCheck } from '../../checks/format.js';
import type { CheckResult } from '../../checks/result.js';
import { type Command, UsageError } from '../../cli/command.js';
import { formatJson, jsonOption } from '../../cli/json.js';
import { parsed } from '../../cli/option.js';
import { portOption } from '../../cli/port-option.js';
import {
  behindVia,
  type ReachFlags,
  reachFlags,
  reachOptions,
  routesOption,
  verboseOption,
} from '../../cli/shared-options.js';
import { startProgress } from '../../cli/spinner.js';
import { styles } from '../../cli/style.js';
import { printable } from '../../errors.js';
import { checkJson, codeOfAll } from './json.js';

export interface CheckOptions extends ReachFlags {
  readonly targets: readonly string[];
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly json: boolean;
}

const userOption = parsed(
  {
    long: 'user',
    short: 'l',
    value: 'NAME',
    summary: 'the user to log in as (default: that of TARGET or of the ssh configuration)',
  },
  checkUserName,
);

/** vmssh check TARGET…: each stage up to a login, with its time and result. */
export const check: Command<CheckOptions> = {
  name: 'check',
  summary: 'test the connection to a machine step by step',
  usage: '[user@]TARGET...',
  details:
    'TARGET can also be a name, as for vmssh ssh. Exits with the code of the first target that failed. Does not log in.',
  options: [portOption, userOption, ...reachOptions, jsonOption, verboseOption],
  examples: [
    { line: 'vmssh check mint', about: 'why does ssh mint not work?' },
    { line: 'vmssh check -p 2222 ann@vsock/3', about: 'the same for an address, a port and a user' },
    { line: 'vmssh check --json machine/web machine/db', about: 'for scripts' },
    { line: 'vmssh check --wait=60 vsock-mux/run/fc/v.sock', about: 'wait while a machine boots' },
  ],

  parse(raw) {
    if (raw.positionals.length === 0) throw new UsageError('expected one or more targets, got nothing');
    return {
      targets: raw.positionals.map((target) => behindVia(raw, target)),
      port: portOption.read(raw),
      user: userOption.read(raw),
      json: jsonOption.read(raw),
      routes: routesOption.read(raw),
      ...reachFlags(raw),
    };
  },

  async run(options, io) {
    const signal = io.interrupted();
    const gone = io.outputGone();
    const results: CheckResult[] = [];
    for (const target of options.targets) {
      const progress = await startProgress(io, `checking ${printable(target)}`);
      const result = await checkTarget(target, options, io, signal, (stage) =>
        progress.update(printable(`${target}: ${stage}`)),
      );
      progress.stop();
      results.push(result);
      if (!options.json) io.out(formatCheck(result, await styles(io, 'stdout'), io));
      if (signal.aborted || gone.aborted) break;
    }
    if (options.json) io.out(formatJson(checkJson(results)));
    return codeOfAll(results);
  },
};
