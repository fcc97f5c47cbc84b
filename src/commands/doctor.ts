import type { Command, RawArgs } from './command.js';
import { UsageError } from './command.js';
import { type DoctorTargetOptions, doctorTarget } from './doctor-target.js';

/** This host, or the way to one machine. */
export type DoctorOptions =
  | { readonly show: 'checks' | 'report' | 'json' }
  | { readonly show: 'target'; readonly target: DoctorTargetOptions };

/** vmssh doctor: what on this host works and what does not; with a target: the way to that machine. */
export const doctor: Command<DoctorOptions> = {
  ...doctorTarget,
  summary: 'find out what is wrong on this host, or with the way to a machine, and how to mend it',
  usage: '[[user@]TARGET]',
  details: `Without TARGET it looks at this host: ssh, the addon, vsock, who lists machines, ssh's configuration. With one:
${doctorTarget.details ?? ''}`,
  options: [
    ...doctorTarget.options,
    {
      long: 'report',
      summary: 'this host for a bug report, in Markdown, without names, paths or addresses of yours',
    },
  ],
  examples: [
    { line: 'vmssh doctor', about: 'does this host have all it takes?' },
    ...doctorTarget.examples,
    { line: 'vmssh doctor --report', about: 'to paste into a bug report' },
  ],

  parse(raw, io) {
    const show = hostShow(raw);
    if (raw.positionals.length > 0) {
      if (show === 'report') throw new UsageError('--report is about this host and takes no target');
      return { show: 'target', target: doctorTarget.parse(raw, io) };
    }
    return { show };
  },

  async run(options, io) {
    if (options.show === 'target') return doctorTarget.run(options.target, io);
    return (await import('./doctor-host.js')).runDoctor(options.show, io);
  },
};

function hostShow({ options }: RawArgs): 'checks' | 'report' | 'json' {
  if (options.report && options.json) throw new UsageError('--report and --json exclude each other');
  return options.report ? 'report' : options.json ? 'json' : 'checks';
}
