import { open } from 'node:fs/promises';
import { shellOf } from '../../address/shell.js';
import { shellQuoted } from '../../address/shell-word.js';
import { CommandError, type Io, UsageError } from '../../cli/command.js';
import { formatJson } from '../../cli/json.js';
import { pasteable } from '../../cli/message.js';
import { usage } from '../../cli/values.js';
import { exitCode, printable, quote } from '../../errors.js';
import { formFor, type Given, type Hypervisor } from '../../guest/credentials/forms.js';
import { undoCommand } from '../../guest/credentials/made-key.js';
import { makeGuestKeys, readGivenKeys } from '../../guest/credentials/make.js';
import { fileError, reasonOf } from '../../hosts/files.js';
import { guestFolder } from '../../ssh/guest-keys.js';
import { guestCredentialsJson, hostKeyOf } from './credentials-json.js';

export interface MakeOptions {
  /** The machine's. */
  readonly name: string;
  readonly for: Hypervisor;
  /** Where sshd is to listen besides. */
  readonly listen: readonly string[];
  /** The user's own public keys; undefined: a login key is made. */
  readonly logins: readonly string[] | undefined;
  /** A new file for the result. */
  readonly output: string | undefined;
  /** A private key may be shown on a terminal. */
  readonly show: boolean;
  readonly json: boolean;
}

/** Makes the keys, and prints or writes what to give to the hypervisor. Resolves to the exit code. Throws a CommandError or a UsageError. */
export async function makeCredentials(options: MakeOptions, io: Io): Promise<number> {
  const { name, for: hypervisor, listen, logins, output, show, json } = options;
  const folder = guestFolder(name, io.env);
  const failed = (error: NodeJS.ErrnoException) => {
    const { code = 'UNKNOWN' } = error;
    const hint = code === 'ENOTEMPTY' || code === 'EEXIST' ? undoHint(name, io) : undefined;
    throw new CommandError(
      code,
      `the keys of ${quote(name)} in ${quote(folder)} cannot be made: ${reasonOf(error)}`,
      hint,
    );
  };
  const keys = await makeGuestKeys(name, logins, io.env).catch(failed);
  const given = await readGivenKeys(folder).catch(failed);
  if (logins !== undefined && logins.join('\n') !== given.logins.join('\n'))
    throw new CommandError('EXISTS', `${quote(name)} was given other login keys before`, undoHint(name, io));
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
  { notes }: Given,
  fingerprint: string,
  io: Io,
): string {
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

function undoHint(name: string, io: Io): string {
  return `${undoCommand(name, io)} removes them`;
}
