import type { Command, Io } from './command.js';
import { showPlan } from './config-apply.js';
import { carryOut } from './config-carry-out.js';
import { configOptions, systemOption } from './config-options.js';
import { planUninstall } from './config-plan.js';

export interface ConfigUninstallOptions {
  readonly system: boolean;
  readonly dryRun: boolean;
}

/** vmssh config uninstall: takes back what config install did. */
export const configUninstall: Command<ConfigUninstallOptions> = {
  name: 'config uninstall',
  summary: "take the lines out of ssh's configuration again; known host keys stay",
  usage: '',
  options: [
    { ...systemOption, summary: 'those for all users' },
    { long: 'dry-run', short: 'n', summary: 'print what would change; exits with 1 where that is anything' },
  ],
  examples: [{ line: 'vmssh config uninstall', about: '~/.ssh/config is as it was before' }],
  parse: (raw) => ({ system: configOptions(raw).system, dryRun: raw.options['dry-run'] === true }),
  async run(options, io) {
    const plan = (to: Io) => planUninstall(options, to);
    return options.dryRun ? showPlan(await plan(io), io) : carryOut(plan, io);
  },
};
