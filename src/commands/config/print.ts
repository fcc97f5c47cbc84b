import type { Command, Io } from '../../cli/command.js';
import { ownerOf } from '../../ssh/config/file.js';
import { fileAt } from './files.js';
import { withLast } from './last-run.js';
import { type ConfigOptions, configLines, configOptions, lineOptions } from './options.js';
import { configFiles } from './plan.js';
import { checkSshOptions } from './ssh-option.js';

/** vmssh config print: the ssh_config lines for all kinds of targets and for each machine. Writes no file. */
export const configPrint: Command<ConfigOptions> = {
  name: 'config print',
  summary: 'print the ssh_config lines that config install writes',
  usage: '',
  details: 'Options that config install keeps for later runs count here too.',
  options: lineOptions,
  examples: [
    { line: 'vmssh config print --only-patterns > /tmp/c && ssh -F /tmp/c .host', about: 'to try it first' },
    { line: 'vmssh config print >> ~/.ssh/config', about: 'for a single configuration file' },
  ],
  parse: configOptions,
  async run(options, io) {
    await checkSshOptions(options.sshOptions, io);
    io.out(await configLines(withLast(options, await ownFile(io)), io));
    return 0;
  },
};

// A file that cannot be used or is not ours does not keep anything.
async function ownFile(io: Io): Promise<string | undefined> {
  const { text } = await fileAt(configFiles({ system: false }, io).own).catch(() => ({ text: undefined }));
  return ownerOf(text) === 'ours' ? text : undefined;
}
