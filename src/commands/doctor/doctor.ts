import { type Command, flag, UsageError, verbose } from '../../cli/command.js';
import { jsonOption } from '../../cli/json.js';
import type { DoctorForm } from './checks.js';

const reportOption = flag({
  long: 'report',
  summary: 'describe this host for a bug report, in Markdown, without your names, paths or addresses',
});

const allOption = verbose('also show the checks that found nothing wrong');

export const doctor: Command<{ readonly show: DoctorForm }> = {
  name: 'doctor',
  summary: 'find what is wrong on this host',
  usage: '',
  details:
    "It checks ssh, the addon, vsock, sources of machines, ssh's configuration. For one machine: vmssh check.",
  options: [allOption, reportOption, jsonOption],
  exclusive: [
    [allOption, reportOption],
    [allOption, jsonOption],
    [reportOption, jsonOption],
  ],
  examples: {
    'vmssh doctor': 'is this host ready?',
    'vmssh doctor -v': 'every check',
    'vmssh doctor --report': 'to paste into a bug report',
  },

  parse(raw) {
    const [target] = raw.positionals;
    if (target !== undefined)
      throw new UsageError('doctor checks this host and takes no target', `vmssh check ${target}`);
    if (jsonOption.read(raw)) return { show: 'json' };
    return { show: reportOption.read(raw) ? 'report' : allOption.read(raw) ? 'all' : 'problems' };
  },

  run: async ({ show }, io) => (await import('./checks.js')).runDoctor(show, io),
};
