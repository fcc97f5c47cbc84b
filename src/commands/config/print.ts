import type { Command } from '../../cli/command.js';
import { type ConfigOptions, configLines, configOptions, lineOptions } from './options.js';

/** vmssh config print: the ssh_config lines for all kinds of targets and for each machine. Writes no file. */
export const configPrint: Command<ConfigOptions> = {
  name: 'config print',
  summary: 'print the ssh_config lines that config install writes',
  usage: '',
  options: lineOptions,
  examples: [
    { line: 'vmssh config print --only-patterns > /tmp/c && ssh -F /tmp/c .host', about: 'to try it first' },
    { line: 'vmssh config print >> ~/.ssh/config', about: 'for a single configuration file' },
  ],
  parse: configOptions,
  async run(options, io) {
    io.out(await configLines(options, io));
    return 0;
  },
};
