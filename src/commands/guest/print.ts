import { quote } from '../../base/errors.js';
import type { Command, Option, RawArgs } from '../../cli/command.js';
import { oneOf, parsed, positionals, readAll, UsageError } from '../../cli/command.js';
import { yamlString } from '../../guest/credentials.js';
import { type ScriptOptions, setupScript, undoScript } from '../../guest/script.js';
import { type Distribution, generator, layouts, stamp, unitFiles } from '../../guest/units.js';
import type { Io } from '../../process/io.js';
import { isSshPort } from '../../typed/numbers.js';
import { installExclusive, installFlags, installOptions, undoOption } from './install.js';

type Form = 'script' | 'units' | 'generator' | 'cloud-init';

interface GuestPrintOptions extends ReturnType<typeof installFlags> {
  readonly form: Form;
  readonly systemd: number;
  readonly distro: Distribution;
}

interface PrintForm {
  readonly options: readonly Option<unknown>[];
  print(options: GuestPrintOptions, io: Io): void;
}

const distributions = Object.keys(layouts) as Distribution[];
const own = {
  systemd: parsed(
    { long: 'systemd', value: 'N', summary: 'units: the version in the guest, 240 or later (default 252)' },
    (text) => {
      if (/^\d{3}$/.test(text) && Number(text) >= 240) return Number(text);
      throw new UsageError(`--systemd takes a version from 240 on, not ${quote(text)}`);
    },
  ),
  distro: oneOf({
    long: 'distro',
    value: 'NAME',
    choices: distributions,
    summary: `units: where sshd and its folder are: ${distributions.join(', ')} (default debian)`,
  }),
};
const { port, onlyVsock, onlyLoopback, ...forImages } = installOptions;

const forms: Readonly<Record<Form, PrintForm>> = {
  script: {
    options: [...Object.values(installOptions), undoOption],
    print: ({ undo, script }, io) => io.out(undo ? undoScript() : setupScript(script)),
  },
  units: { options: [port, own.systemd, own.distro], print: printUnits },
  generator: { options: [], print: (_, io) => io.out(stamp(generator)) },
  'cloud-init': {
    options: [port, ...Object.values(forImages)],
    print: ({ script }, io) => io.out(userData(script)),
  },
};
const formNames = Object.keys(forms) as Form[];

const asOption = oneOf({
  long: 'as',
  value: 'FORM',
  choices: formNames,
  summary: `what to print: ${formNames.join(', ')} (default script)`,
});

export const guestPrint: Command<GuestPrintOptions> = {
  name: 'guest print',
  summary: 'print what sets up a guest, to install it yourself: a script, units, a generator or cloud-init',
  usage: '',
  details: `The script needs root and systemd 240 or later, or socat and OpenRC, sysvinit or BusyBox's init, and can be run again. It prints one line per step (ok, changed, skipped, failed),
and exits 0 if all is well, 1 if a step failed, 2 if it cannot work there and changed nothing. Each unit is preceded by its path; systemd 256 and later need none for port 22. The generator does for
systemd 240 to 255 what systemd-ssh-generator does since 256. cloud-init is user-data for a guest's first boot.`,
  options: [asOption, ...Object.values(installOptions), undoOption, ...Object.values(own)],
  exclusive: installExclusive,
  examples: {
    'vmssh guest print > setup.sh': 'then in the guest: sudo sh setup.sh',
    'vmssh guest print --undo | ssh root@guest sh -s': 'undo it',
    'vmssh guest print --as units --port 2222 --distro arch':
      'for another port and distribution; default: Debian 12 or Ubuntu 24.04',
    'vmssh guest print --as generator > vmssh-ssh-generator':
      'for /etc/systemd/system-generators of an image, mode 755; a guest: guest install --generator',
    'vmssh guest print --as cloud-init --key ~/.ssh/id_ed25519.pub > user-data':
      'for any cloud image; then: virt-install --cloud-init user-data=user-data ...',
  },

  parse(raw) {
    positionals(raw, 0, 0, 'no argument');
    const form = asOption.read(raw) ?? 'script';
    refuseOthers(form, raw);
    const { systemd = 252, distro = 'debian' } = readAll(raw, own);
    return { form, ...installFlags(raw), systemd, distro };
  },

  async run(options, io) {
    forms[options.form].print(options, io);
    return 0;
  },
};

function refuseOthers(form: Form, { options }: RawArgs): void {
  const isOf = (name: Form, long: string) => forms[name].options.some((option) => option.long === long);
  for (const { long } of guestPrint.options) {
    if (options[long] === undefined || long === asOption.long || isOf(form, long)) continue;
    const others = formNames.filter((name) => isOf(name, long)).map((name) => `--as ${name}`);
    throw new UsageError(`--as ${form} has no --${long}`, `--${long} is for ${others.join(' and ')}`);
  }
}

function printUnits({ systemd, distro, script: { port } }: GuestPrintOptions, io: Io): void {
  if (systemd >= 256 && isSshPort(port)) {
    io.out(`# systemd ${systemd} makes sshd-vsock.socket by itself in a VM with vsock: no unit is needed.
# See systemctl status sshd-vsock.socket; if it is missing, vmssh guest check shows why.
`);
    return;
  }
  const files = unitFiles(port, layouts[distro], systemd);
  io.out(files.map(({ name, text }) => `# /etc/systemd/system/${name}\n${text}`).join('\n'));
  io.err(`then: systemctl daemon-reload && systemctl enable --now ${files[0].name}\n`);
}

/** Where cloud-init puts the script: in memory, since it runs once. */
const scriptPath = '/run/vmssh-guest-setup.sh';

/** cloud-init user-data that sets a guest up at its first boot: sshd, the script, the keys of the default user if no account is named. */
export function userData(options: ScriptOptions): string {
  const keys = options.account === undefined ? (options.keys ?? []) : [];
  return `#cloud-config
# written by vmssh guest print
packages:
  - openssh-server
${keys.length === 0 ? '' : `ssh_authorized_keys:\n${keys.map((key) => `  - ${yamlString(key)}\n`).join('')}`}write_files:
  - path: ${scriptPath}
    permissions: '0700'
    content: |
${indented(setupScript(options), 6)}runcmd:
  - [sh, ${scriptPath}]
`;
}

function indented(text: string, columns: number): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(columns));
}
