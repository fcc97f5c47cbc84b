import { spawn } from 'node:child_process';
import { CommandError } from '../../cli/command.js';
import { exitCode } from '../../errors.js';
import type { Io } from '../../process/io.js';
import { ended } from '../../process/terminate.js';
import { accountOf } from '../../ssh/folder.js';

/** The account that called sudo. Undefined: none did, or it is root's own. */
export function behindSudo({ SUDO_UID = '' }: Io['env']) {
  if (process.getuid?.() !== 0 || !/^[1-9]\d{0,9}$/.test(SUDO_UID)) return undefined;
  return accountOf(Number(SUDO_UID));
}

/** What a child gets of the caller's environment: nothing that leads to root's own folders or services. */
const kept = ['PATH', 'TERM', 'NO_COLOR', 'FORCE_COLOR', 'CI'] as const;

/**
 * Sets up the login of whoever called sudo: all of it is done by a child that has become that account, on the same terminal, since its files
 * are not root's to read. Where only root goes into a machine, the child asks sudo.
 */
export async function setUpFor(
  { name, home }: { readonly name: string; readonly home: string },
  words: readonly string[],
  { env, self, err, ignoreInterrupts }: Pick<Io, 'env' | 'self' | 'err' | 'ignoreInterrupts'>,
): Promise<number> {
  ignoreInterrupts();
  const own = { HOME: home, USER: name, LOGNAME: name };
  const passed = Object.fromEntries(kept.flatMap((each) => (env[each] ? [[each, env[each]]] : [])));
  const child = spawn('runuser', ['-u', name, '--', ...self, ...words], {
    env: { ...passed, ...own },
    stdio: 'inherit',
  });
  const { code } = await ended(child).catch((error: Error) => {
    throw new CommandError(
      `cannot become ${name}: ${error.message}`,
      'run it without sudo, which it asks itself',
    );
  });
  if (code === exitCode.notFound)
    err(`hint: it was looked for as ${name} has it; for the machines and the ssh of root: --for root\n`);
  return code ?? exitCode.connect;
}
