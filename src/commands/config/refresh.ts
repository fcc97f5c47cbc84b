import { exitCode } from '../../base/errors.js';
import { type Command, positionals } from '../../cli/command.js';
import { refresh } from '../../hosts/refresh.js';
import { findMachines } from '../../machines/find-machines.js';

export const configRefresh: Command<Record<string, never>> = {
  name: 'config refresh',
  summary: 'bring the Hosts up to date, if config install --fresh allowed it; the systemd unit runs it',
  usage: '',
  details: `It changes only ~/.ssh/vmssh.conf and its own state, and only if the first is still as vmssh wrote it. It prints nothing, and exits 1 if it fails.
Hosts of a source that cannot be asked stay.`,
  options: [],
  examples: { 'vmssh config refresh': 'the same by hand, or from cron' },
  parse(raw) {
    positionals(raw, 0, 0, 'no argument');
    return {};
  },
  async run(_options, io) {
    await refresh(io, findMachines);
    return exitCode.ok;
  },
};
