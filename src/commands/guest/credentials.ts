import { type Command, UsageError } from '../../cli/command.js';
import { jsonOption } from '../../cli/json.js';
import { flag, parsed, repeated, textOption } from '../../cli/option.js';
import { oneOf } from '../../cli/option-choice.js';
import { positionals, usage } from '../../cli/values.js';
import { quote } from '../../errors.js';
import { hypervisors } from '../../guest/credentials/forms.js';
import { parseListen } from '../../guest/credentials/listen.js';
import { readKeys } from '../../guest/keys.js';
import { asTarget } from '../../kinds/parse.js';
import { parseName } from '../../target/name.js';
import { type MakeOptions, makeCredentials } from './credentials-make.js';
import { undoCredentials } from './credentials-undo.js';

export type GuestCredentialsOptions =
  | { readonly undo: true; readonly name: string }
  | ({ readonly undo: false } & MakeOptions);

const forOption = oneOf({
  long: 'for',
  value: 'HYPERVISOR',
  choices: hypervisors,
  summary: `what starts the machine: ${hypervisors.join(', ')}`,
});
const ownKeyOption = parsed(
  { long: 'key', value: 'FILE', summary: 'log in with this public key (default: a new key for the machine)' },
  readKeys,
);
const listenOption = repeated(
  {
    long: 'listen',
    value: 'ADDRESS',
    takes: ['vsock::2222', '127.0.0.1:2222', '/run/ssh'],
    summary: 'have sshd listen there too, as ListenStream= of systemd takes it: vsock::2222; can be repeated',
  },
  parseListen,
);
const outputOption = textOption({
  long: 'output',
  short: 'o',
  value: 'FILE',
  summary: 'write to this new file, which only you can read',
});
const showOption = flag({
  long: 'show-private-key',
  summary: 'print on a terminal too, even if the private host key is shown',
});
const undoOption = flag({ long: 'undo', summary: "remove the machine's keys, and no longer trust them" });

/** vmssh guest credentials: a machine's host key and login key, made before it is started for the first time. */
export const guestCredentials: Command<GuestCredentialsOptions> = {
  name: 'guest credentials',
  summary: 'make the keys of a new machine, for a verified first login; print what to give to its hypervisor',
  usage: 'NAME',
  details: `NAME is the name that the machine has, or will have, in vmssh list. The keys are made once, in ~/.ssh/vmssh_guests. From then on
vmssh ssh NAME, and after vmssh config install also ssh NAME, accept only that host key, and use the login key. The guest needs systemd 252 or later, or cloud-init.`,
  options: [forOption, ownKeyOption, listenOption, outputOption, showOption, undoOption, jsonOption],
  exclusive: [forOption, ownKeyOption, listenOption, outputOption, showOption, jsonOption].map((each) => [
    undoOption,
    each,
  ]),
  examples: [
    {
      line: 'qemu-system-x86_64 -name web $(vmssh guest credentials web --for qemu) ...',
      about: 'then: vmssh ssh root@web',
    },
    {
      line: 'vmssh guest credentials web --for cloud-init --output user-data',
      about: 'for any image with cloud-init; then: virt-install --cloud-init user-data=user-data ...',
    },
    {
      line: 'vmssh guest credentials web --for libvirt --key ~/.ssh/id_ed25519.pub --output web.xml',
      about: 'log in with your own key; the text goes into virsh edit web',
    },
    {
      line: 'vmssh guest credentials web --for libvirt --listen vsock::2222 --output web.xml',
      about: 'sshd listens on vsock port 2222 too, from the first boot on',
    },
    {
      line: 'vmssh guest credentials --undo web',
      about: 'the machine is gone, or was set up in another way',
    },
  ],

  parse(raw) {
    const [typed = ''] = positionals(raw, 1, 1, 'NAME');
    const name = machineName(typed);
    if (undoOption.read(raw)) return { name, undo: true };
    const hypervisor = forOption.read(raw);
    if (hypervisor === undefined)
      throw new UsageError(`expected --for with one of ${hypervisors.join(', ')}`);
    const listen = [...new Set(listenOption.read(raw))];
    if (hypervisor === 'cloud-init' && listen.length > 0)
      throw new UsageError(
        'cloud-init gives a system no credentials, and so takes no --listen',
        'vmssh guest cloud-init --port PORT has sshd listen on another vsock port',
      );
    return {
      name,
      undo: false,
      for: hypervisor,
      listen,
      logins: ownKeyOption.read(raw),
      output: outputOption.read(raw),
      show: showOption.read(raw),
      json: jsonOption.read(raw),
    };
  },

  run: (options, io) => (options.undo ? undoCredentials(options.name, io) : makeCredentials(options, io)),
};

function machineName(typed: string): string {
  if (asTarget(typed) !== undefined)
    throw new UsageError(
      `expected the name of a machine, not a target: ${quote(typed)}`,
      'vmssh list shows names',
    );
  return usage(() => parseName(typed, 'machine name'));
}
