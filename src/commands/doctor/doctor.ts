import { type Command, flag, UsageError } from '../../cli/command.js';
import { jsonOption } from '../../cli/json.js';
import type { DoctorForm } from './checks.js';

const reportOption = flag({
  long: 'report',
  summary: 'describe this host for a bug report, in Markdown, without your names, paths or addresses',
});

export const doctor: Command<{ readonly show: DoctorForm }> = {
  name: 'doctor',
  summary: 'find what is wrong on this host',
  usage: '',
  details:
    "It checks ssh, the addon, vsock, providers of machines, ssh's configuration. For one machine: vmssh check.",
  options: [reportOption, jsonOption],
  exclusive: [[reportOption, jsonOption]],
  examples: { 'vmssh doctor': 'is this host ready?', 'vmssh doctor --report': 'to paste into a bug report' },

  parse(raw) {
    const [target] = raw.positionals;
    if (target !== undefined)
      throw new UsageError('doctor checks this host and takes no target', `vmssh check ${target}`);
    return { show: reportOption.read(raw) ? 'report' : jsonOption.read(raw) ? 'json' : 'checks' };
  },

  run: async ({ show }, io) => (await import('./checks.js')).runDoctor(show, io),
};
