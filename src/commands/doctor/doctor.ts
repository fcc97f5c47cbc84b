import { type Command, UsageError } from '../../cli/command.js';
import { jsonOption } from '../../cli/json.js';
import { flag } from '../../cli/option.js';
import { routesOption, viaOption } from '../../cli/shared-options.js';
import { type DoctorTargetOptions, doctorTarget } from './target/doctor-target.js';

/** This host, or the connection to one machine. */
export type DoctorOptions =
  | { readonly show: 'checks' | 'report' | 'json' }
  | { readonly show: 'target'; readonly target: DoctorTargetOptions };

const reportOption = flag({
  long: 'report',
  summary: 'describe this host for a bug report, in Markdown, without your names, paths or addresses',
});

/** vmssh doctor: what works on this host and what does not; with a target: the connection to that machine. */
export const doctor: Command<DoctorOptions> = {
  ...doctorTarget,
  summary: 'find what is wrong, on this host or with a machine',
  usage: '[[user@]TARGET]',
  details: `Without TARGET it checks this host: ssh, the addon, vsock, providers of machines, ssh's configuration. With TARGET it checks that machine.
${doctorTarget.details ?? ''}`,
  options: [...doctorTarget.options, reportOption],
  exclusive: [[reportOption, jsonOption]],
  examples: [
    { line: 'vmssh doctor', about: 'is this host ready?' },
    ...doctorTarget.examples,
    { line: 'vmssh doctor --report', about: 'to paste into a bug report' },
  ],

  parse(raw, io) {
    const report = reportOption.read(raw);
    if (raw.positionals.length > 0) {
      if (report) throw new UsageError('--report checks this host and takes no target');
      return { show: 'target', target: doctorTarget.parse(raw, io) };
    }
    const [host] = viaOption.read(raw);
    if (host !== undefined)
      throw new UsageError(
        '--via needs a TARGET',
        `to check the hypervisor itself, log in there: ssh ${host}`,
      );
    if (routesOption.read(raw)) throw new UsageError('--route needs a TARGET');
    return { show: report ? 'report' : jsonOption.read(raw) ? 'json' : 'checks' };
  },

  async run(options, io) {
    if (options.show === 'target') return doctorTarget.run(options.target, io);
    return (await import('./host/doctor-host.js')).runDoctor(options.show, io);
  },
};
