import type { Command } from '../../cli/command.js';
import { type ConfigOptions, configOptions, fileOptions } from '../../hosts/options.js';
import { planInstall } from '../../hosts/plan.js';
import { showPlan } from '../../hosts/show.js';
import { checkSshOptions } from '../../hosts/ssh-option.js';

/** vmssh config diff: what config install would change; exits 1 if anything would change. */
export const configDiff: Command<ConfigOptions> = {
  name: 'config diff',
  summary: 'show what config install would change; exits 1 if anything would change',
  usage: '',
  ...fileOptions,
  examples: [
    { line: 'vmssh config diff', about: 'is my configuration up to date?' },
    { line: 'vmssh config diff >/dev/null || vmssh config install', about: 'in a script' },
  ],
  parse: configOptions,
  async run(options, io) {
    await checkSshOptions(options, io);
    return showPlan(await planInstall(options, io), io);
  },
};
