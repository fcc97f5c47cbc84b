import { codeOf } from '../../../checks/result.js';
import type { Command } from '../../../cli/command.js';
import { accountName } from '../../../cli/guest/account.js';
import { hostFlags, sshConfigOption } from '../../../cli/guest/host-flags.js';
import { guestPortOption } from '../../../cli/guest/port.js';
import { formatJson, jsonOption } from '../../../cli/json.js';
import { textOption } from '../../../cli/option.js';
import {
  behindVia,
  reachFlags,
  routesOption,
  timeoutOption,
  verboseOption,
  viaOption,
  waitOption,
} from '../../../cli/shared-options.js';
import { positionals } from '../../../cli/values.js';
import { exitCode } from '../../../errors.js';
import { guestRouteOf } from '../../../guest/run/route.js';
import { splitLogin } from '../../../lookup/login.js';
import { targetJson } from '../json.js';
import { type ExamineOptions, examine } from './examine.js';
import { printer } from './lines.js';

export interface DoctorTargetOptions extends ExamineOptions {
  readonly json: boolean;
}

const overOption = textOption({
  long: 'over',
  value: '[user@]HOST',
  takes: 'target',
  summary: 'another route into the guest, to look from inside: ssh, a target, wsl/DISTRO',
});
const userOption = textOption({
  long: 'user',
  short: 'l',
  value: 'NAME',
  summary: 'the user to log in as (default: that of TARGET or of the ssh configuration)',
});

/** vmssh doctor TARGET: what is wrong between this host and a shell in the guest, with evidence and a fix. */
export const doctorTarget: Command<DoctorTargetOptions> = {
  name: 'doctor',
  summary: 'find what is wrong with the connection to a machine, and how to fix it',
  usage: '[user@]TARGET',
  details: `It tests the steps of a login, and looks from inside the guest if it can log in: to the target itself, or by --over.
The failures it knows are listed in docs/reference/guest-failures.md. Exits 1 if something is wrong.`,
  options: [
    overOption,
    guestPortOption,
    userOption,
    sshConfigOption,
    viaOption,
    routesOption,
    timeoutOption,
    waitOption,
    verboseOption,
    jsonOption,
  ],
  examples: [
    { line: 'vmssh doctor mint', about: 'why does ssh mint not work?' },
    { line: 'vmssh doctor --route exec web', about: 'the same for one of its routes' },
    { line: 'vmssh doctor --over root@192.0.2.7 vsock/3', about: 'the same, with a look from inside' },
  ],

  parse(raw) {
    const [typed = ''] = positionals(raw, 1, 1, '[user@]TARGET');
    const target = behindVia(raw, typed);
    const over = overOption.read(raw);
    const named = userOption.read(raw) ?? splitLogin(target).user;
    return {
      target,
      port: guestPortOption.read(raw),
      user: named === undefined ? undefined : accountName(named),
      over: over === undefined ? undefined : hostFlags(over, raw, guestRouteOf(over)),
      sshConfig: sshConfigOption.read(raw),
      json: jsonOption.read(raw),
      routes: routesOption.read(raw),
      ...reachFlags(raw),
    };
  },

  async run(options, io) {
    const examination = await examine(options, io, options.json ? undefined : await printer(io));
    const { check, faults, guest } = examination;
    const isOver = !check.means || check.error?.code === 'INTERRUPTED';
    const code = faults === 0 ? exitCode.ok : isOver ? codeOf(check) : exitCode.connect;
    if (options.json) io.out(formatJson(targetJson(examination, code)));
    else if (guest?.notRun) throw guest.notRun;
    return code;
  },
};
