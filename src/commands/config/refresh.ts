import { type Command, CommandError, positionals } from '../../cli/command.js';
import { exitCode } from '../../errors.js';
import { type Refreshed, refresh } from '../../hosts/refresh.js';
import { findMachines } from '../../machines/find-machines.js';

export const configRefresh: Command<Record<string, never>> = {
  name: 'config refresh',
  summary: 'bring the Hosts up to date, if config install --fresh allowed it; the systemd unit runs it',
  usage: '',
  details: `It changes only ~/.ssh/vmssh.conf and its own state, and only if the first is still as vmssh wrote it. It prints nothing, and exits 1 if it fails.
Hosts of a provider that cannot be asked stay.`,
  options: [],
  examples: { 'vmssh config refresh': 'the same by hand, or from cron' },
  parse(raw) {
    positionals(raw, 0, 0, 'no argument');
    return {};
  },
  async run(_options, io) {
    const done = await refresh(io, findMachines);
    const problem = problems[done];
    if (problem) throw new CommandError(...problem);
    return exitCode.ok;
  },
};

type Problem = ConstructorParameters<typeof CommandError>;

const problems: Readonly<Partial<Record<Refreshed, Problem>>> = {
  off: ['OFF', 'automatic Host updates are off', 'vmssh config install --fresh'],
  missing: ['MISSING', 'there is no vmssh.conf', 'vmssh config install'],
  edited: ['EDITED', 'vmssh.conf was edited since vmssh wrote it, and is not changed', 'vmssh doctor'],
  'not own': ['OWNER', 'vmssh.conf belongs to another user', 'run it as that user'],
  other: ['OTHER', 'the Hosts call another vmssh, which may refresh them', 'vmssh config install'],
  failed: ['FAILED', 'the Hosts could not be written', 'vmssh config install'],
};
