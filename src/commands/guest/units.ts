import { sshPort } from '../../address/numbers.js';
import { type Command, UsageError } from '../../cli/command.js';
import { guestPortOption } from '../../cli/guest.js';
import { parsed, positionals } from '../../cli/option.js';
import { quote } from '../../errors.js';
import { layouts, unitFiles } from '../../guest/units.js';
import { defaultDistribution, distroOption } from './options.js';

export interface GuestUnitsOptions {
  readonly systemd: number;
  readonly port: number;
  readonly distro: keyof typeof layouts;
}

const systemdOption = parsed(
  { long: 'systemd', value: 'N', summary: 'the version in the guest, 240 or later (default 252)' },
  (text) => {
    if (/^\d{3}$/.test(text) && Number(text) >= 240) return Number(text);
    throw new UsageError(`--systemd takes a version from 240 on, not ${quote(text)}`);
  },
);

/** vmssh guest units: the two units that bind sshd to vsock, for installing by hand. */
export const guestUnits: Command<GuestUnitsOptions> = {
  name: 'guest units',
  summary: 'print the two systemd units that bind sshd to vsock in a guest',
  usage: '',
  details: 'Each file is preceded by its path. systemd 256 and later need none for port 22.',
  options: [systemdOption, guestPortOption, distroOption],
  examples: [
    { line: 'vmssh guest units', about: 'for Debian 12 or Ubuntu 24.04' },
    { line: 'vmssh guest units --port 2222 --distro arch', about: 'for another port and distribution' },
  ],

  parse(raw) {
    positionals(raw, 0, 0, 'no argument');
    return {
      systemd: systemdOption.read(raw) ?? 252,
      port: guestPortOption.read(raw) ?? sshPort,
      distro: distroOption.read(raw) ?? defaultDistribution,
    };
  },

  async run({ systemd, port, distro }, io) {
    if (systemd >= 256 && port === sshPort) {
      io.out(`# systemd ${systemd} makes sshd-vsock.socket by itself in a VM with vsock: no unit is needed.
# See systemctl status sshd-vsock.socket; if it is missing, vmssh guest check shows why.
`);
      return 0;
    }
    const files = unitFiles(port, layouts[distro], systemd);
    io.out(files.map(({ name, text }) => `# /etc/systemd/system/${name}\n${text}`).join('\n'));
    io.err(`then: systemctl daemon-reload && systemctl enable --now ${files[0].name}\n`);
    return 0;
  },
};
