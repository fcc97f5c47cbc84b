import { open } from 'node:fs/promises';
import { exitCode, printable, quote } from '../../base/errors.js';
import {
  type Command,
  CommandError,
  flag,
  oneOf,
  parsed,
  positionals,
  type Read,
  readAll,
  repeated,
  textOption,
  UsageError,
  usage,
} from '../../cli/command.js';
import { pasteable } from '../../cli/failure.js';
import { readKeys } from '../../cli/guest.js';
import { type Envelope, envelope, formatJson, jsonOption } from '../../cli/json.js';
import { complain } from '../../cli/rows.js';
import { reasonOf } from '../../files/read-sync.js';
import type { CredentialText, GivenKeys, Hypervisor } from '../../guest/credentials.js';
import { formFor, hypervisors, parseListen } from '../../guest/credentials.js';
import { fileError } from '../../hosts/files.js';
import { type GuestKeys, guestFolder } from '../../keys/guest-keys.js';
import { undoCommand } from '../../keys/refusal.js';
import { asTarget } from '../../kinds/kinds.js';
import type { Io } from '../../process/io.js';
import { fingerprintOf } from '../../ssh/known-hosts.js';
import { parseName } from '../../typed/names.js';
import { shellOf, shellQuoted } from '../../typed/shell.js';
import { makeGuestKeys, readGivenKeys, removeGuestKeys } from './made-keys.js';

type GuestCredentialsOptions =
  | { readonly undo: true; readonly name: string }
  | ({ readonly undo: false } & MakeOptions);

const toMake = {
  for: oneOf({
    long: 'for',
    value: 'HYPERVISOR',
    choices: hypervisors,
    summary: `what starts the machine: ${hypervisors.join(', ')}`,
  }),
  logins: parsed(
    {
      long: 'key',
      value: 'FILE',
      summary: 'log in with this public key (default: a new key for the machine)',
    },
    readKeys,
  ),
  listen: repeated(
    {
      long: 'listen',
      value: 'ADDRESS',
      takes: ['vsock::2222', '127.0.0.1:2222', '/run/ssh'],
      summary:
        'have sshd listen there too, as ListenStream= of systemd takes it: vsock::2222; can be repeated',
    },
    parseListen,
  ),
  output: textOption({
    long: 'output',
    short: 'o',
    value: 'FILE',
    summary: 'write to this new file, which only you can read',
  }),
  show: flag({
    long: 'show-private-key',
    summary: 'print on a terminal too, even if the private host key is shown',
  }),
};
const undoOption = flag({ long: 'undo', summary: "remove the machine's keys, and no longer trust them" });

export const guestCredentials: Command<GuestCredentialsOptions> = {
  name: 'guest credentials',
  summary: 'make the keys of a new machine, for a verified first login; print what to give to its hypervisor',
  usage: 'NAME',
  details: `NAME is the name that the machine has, or will have, in vmssh list. The keys are made once, in ~/.ssh/vmssh_guests. From then on
vmssh ssh NAME, and after vmssh config install also ssh NAME, accept only that host key, and use the login key. The guest needs systemd 252 or later, or cloud-init.`,
  options: [...Object.values(toMake), undoOption, jsonOption],
  exclusive: [...Object.values(toMake), jsonOption].map((each) => [undoOption, each]),
  examples: {
    'qemu-system-x86_64 -name web $(vmssh guest credentials web --for qemu) ...': 'then: vmssh ssh root@web',
    'vmssh guest credentials web --for cloud-init --output user-data':
      'for any image with cloud-init; then: virt-install --cloud-init user-data=user-data ...',
    'vmssh guest credentials web --for libvirt --key id.pub --output web.xml':
      'log in with your own key; the text goes into virsh edit web',
    'vmssh guest credentials web --for libvirt --listen vsock::2222 -o web.xml':
      'sshd listens on vsock port 2222 too, from the first boot on',
    'vmssh guest credentials --undo web': 'the machine is gone, or was set up in another way',
  },

  parse(raw) {
    const [typed = ''] = positionals(raw, 1, 1, 'NAME');
    const name = machineName(typed);
    if (undoOption.read(raw)) return { name, undo: true };
    const { for: hypervisor, ...given } = readAll(raw, { ...toMake, json: jsonOption });
    if (hypervisor === undefined)
      throw new UsageError(`expected --for with one of ${hypervisors.join(', ')}`);
    const listen = [...new Set(given.listen)];
    if (hypervisor === 'cloud-init' && listen.length > 0)
      throw new UsageError(
        'cloud-init gives a system no credentials, and so takes no --listen',
        'vmssh guest print --as cloud-init --port PORT has sshd listen on another vsock port',
      );
    return { ...given, name, undo: false, for: hypervisor, listen };
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

interface MakeOptions extends Omit<Read<typeof toMake>, 'for'> {
  readonly name: string;
  readonly for: Hypervisor;
  readonly json: boolean;
}

/** Makes the keys, and prints or writes what to give to the hypervisor. Resolves to the exit code. Throws a CommandError or a UsageError. */
async function makeCredentials(options: MakeOptions, io: Io): Promise<number> {
  const { name, for: hypervisor, listen, logins, output, show, json } = options;
  const folder = guestFolder(name, io.env);
  const undoHint = `${undoCommand(name, io)} removes them`;
  const failed = (error: NodeJS.ErrnoException) => {
    const { code = 'UNKNOWN' } = error;
    const hint = code === 'ENOTEMPTY' || code === 'EEXIST' ? undoHint : undefined;
    const problem = `the keys of ${quote(name)} in ${quote(folder)} cannot be made: ${reasonOf(error)}`;
    throw new CommandError(code, problem, hint);
  };
  const keys = await makeGuestKeys(name, logins, io.env).catch(failed);
  const given = await readGivenKeys(folder).catch(failed);
  if (logins !== undefined && logins.join('\n') !== given.logins.join('\n'))
    throw new CommandError('EXISTS', `${quote(name)} was given other login keys before`, undoHint);
  const form = usage(() => formFor(hypervisor, given, folder, { shell: shellOf(io), listen }));
  if (form.isSecret && io.terminal.stdout && output === undefined && !show)
    throw new UsageError(
      'the private host key is in it, and would be shown on this terminal',
      '--output FILE writes it to a file that only you can read; --show-private-key prints it',
    );
  const text = json ? formatJson(guestCredentialsJson(hypervisor, keys, given, form)) : form.text;
  if (output === undefined) io.out(text);
  else await writeNew(output, text);
  if (!json) io.err(notesOn(name, hypervisor, form, hostKeyOf(given.hostPublicKey).fingerprint, io));
  return exitCode.ok;
}

function notesOn(
  name: string,
  hypervisor: Hypervisor,
  { notes }: CredentialText,
  fingerprint: string,
  io: Io,
) {
  const word = (text: string) => shellQuoted(text, shellOf(io));
  const login =
    hypervisor === 'cloud-init'
      ? `log in as the image's own user, which is debian in Debian's: vmssh ssh ${word(`debian@${name}`)}`
      : `vmssh ssh ${word(`root@${name}`)}`;
  const then = `then: start the machine with the name ${word(name)}, and ${login}`;
  const lines = [...notes, `its host key will be ssh-ed25519 ${fingerprint}`].map(
    (each) => `${io.program}: ${each}`,
  );
  return [...lines, pasteable(then, io)].map((line) => `${printable(line)}\n`).join('');
}

async function writeNew(path: string, text: string): Promise<void> {
  const fail = (error: NodeJS.ErrnoException) => {
    throw fileError(error, path, 'written');
  };
  const file = await open(path, 'wx', 0o600).catch(fail);
  try {
    await file.writeFile(text).catch(fail);
  } finally {
    await file.close();
  }
}

export interface GuestCredentialsJson extends Envelope<'guest credentials'> {
  readonly name: string;
  readonly for: Hypervisor;
  readonly arguments?: readonly string[];
  readonly text: string;
  /** Whether the private host key is in `text`. */
  readonly hasPrivateKey: boolean;
  readonly notes: readonly string[];
  readonly hostKey: { readonly type: string; readonly fingerprint: string };
  readonly logins: readonly string[];
  /** The private login key, if it was made. */
  readonly identityFile?: string;
  readonly folder: string;
}

function guestCredentialsJson(
  hypervisor: Hypervisor,
  { name, folder, identityFile }: GuestKeys,
  { hostPublicKey, logins }: GivenKeys,
  { words, text, isSecret, notes }: CredentialText,
): GuestCredentialsJson {
  return {
    ...envelope('guest credentials', 0),
    ...{ name, for: hypervisor, arguments: words, text, hasPrivateKey: isSecret, notes },
    ...{ hostKey: hostKeyOf(hostPublicKey), logins, identityFile, folder },
  };
}

function hostKeyOf(line: string): GuestCredentialsJson['hostKey'] {
  const [type = '', key = ''] = line.split(' ');
  return { type, fingerprint: fingerprintOf(Buffer.from(key, 'base64')) };
}

async function undoCredentials(name: string, io: Io): Promise<number> {
  const folder = guestFolder(name, io.env);
  const left = await removeGuestKeys({ folder }).catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw fileError(error, folder, 'changed');
  });
  if (left === undefined) {
    const hint = 'the name must be the one that they were made for';
    await complain(`${quote(name)} has no keys in ${folder}`, hint, io);
    return exitCode.notFound;
  }
  io.out(`removed the keys of ${quote(name)}\n`);
  if (left.length > 0)
    io.err(`${io.program}: not made by vmssh, and kept: ${left.map(quote).join(', ')} in ${folder}\n`);
  const { writtenAgain } = await import('../../hosts/refresh.js');
  if ((await writtenAgain(io).catch(() => undefined)) === undefined)
    io.err(`${pasteable('the Hosts still name them: vmssh config install', io)}\n`);
  return exitCode.ok;
}
