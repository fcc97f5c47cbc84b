import type { Io } from '../../cli/command.js';
import { complain, pasteable } from '../../cli/message.js';
import { exitCode, quote } from '../../errors.js';
import { removeGuestKeys } from '../../guest/credentials/remove.js';
import { fileError } from '../../hosts/files.js';
import { guestFolder } from '../../ssh/guest-keys.js';

/** `guest credentials --undo`: removes the keys made for a machine, and nothing else. Resolves to the exit code. */
export async function undoCredentials(name: string, io: Io): Promise<number> {
  const folder = guestFolder(name, io.env);
  const left = await removeGuestKeys({ folder }).catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw fileError(error, folder, 'changed');
  });
  if (left === undefined) {
    await complain(
      `${quote(name)} has no keys in ${folder}`,
      'the name must be the one that they were made for',
      io,
    );
    return exitCode.notFound;
  }
  io.out(`removed the keys of ${quote(name)}\n`);
  if (left.length > 0)
    io.err(`${io.program}: not made by vmssh, and kept: ${left.map(quote).join(', ')} in ${folder}\n`);
  io.err(`${pasteable('then: vmssh config install', io)}, if ssh has them in its configuration\n`);
  return exitCode.ok;
}
