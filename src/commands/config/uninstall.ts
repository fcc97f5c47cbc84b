import type { Command } from '../../cli/command.js';
import { positionals } from '../../cli/option.js';
import { dryRunOption, systemOption } from '../../hosts/options.js';
import { planUninstall } from '../../hosts/plan.js';
import { showPlan } from '../../hosts/show.js';
import { carryOut } from '../../hosts/write.js';

export interface ConfigUninstallOptions {
  readonly system: boolean;
  readonly dryRun: boolean;
}

/** vmssh config uninstall: undoes config install. */
export const configUninstall: Command<ConfigUninstallOptions> = {
  name: 'config uninstall',
  summary: "remove the lines from ssh's configuration; known host keys are kept",
  usage: '',
  options: [{ ...systemOption, summary: 'remove those for all users' }, dryRunOption],
  examples: [{ line: 'vmssh config uninstall', about: '~/.ssh/config is as it was before' }],
  parse(raw) {
    positionals(raw, 0, 0, 'no argument');
    return { system: systemOption.read(raw), dryRun: dryRunOption.read(raw) };
  },
  async run(options, io) {
    if (options.dryRun) return showPlan(await planUninstall(options, io), io);
    const { code } = await carryOut(() => planUninstall(options, io), io);
    return code;
  },
};
