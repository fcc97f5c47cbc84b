import { loadAddon } from '../native.js';
import { configText } from '../ssh/config-text.js';
import { type Command, UsageError } from './command.js';
import { positionals } from './values.js';

/** vmssh config print: the ssh_config lines for all kinds of targets. Writes no file. */
export const configPrint: Command<Record<string, never>> = {
  name: 'config print',
  summary: 'print the ssh_config lines for all kinds of targets',
  usage: '',
  options: [],
  examples: [
    { line: 'vmssh config print >> ~/.ssh/config', about: 'from then on: ssh root@vsock/3' },
    { line: 'vmssh config print > /tmp/c && ssh -F /tmp/c .host', about: 'to try it first' },
  ],

  parse(raw) {
    positionals(raw, 0, 0, 'no argument');
    return {};
  },

  async run(_options, io) {
    const { addon } = loadAddon();
    try {
      io.out(configText({ program: io.self, fdpass: addon !== undefined }));
    } catch (error) {
      throw error instanceof RangeError ? new UsageError(error.message) : error;
    }
    return 0;
  },
};
