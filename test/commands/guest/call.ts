import { type Command, type RawArgs, understand } from '../../../src/cli/command.js';
import { fakeIo } from '../../helpers/fake-io.js';

export const raw = (options: RawArgs['options'] = {}, ...positionals: string[]): RawArgs => ({
  options,
  positionals,
});

/** Runs a command as the program does, and keeps what it printed. */
export async function call<O>(command: Command<O>, args: RawArgs, more: Parameters<typeof fakeIo>[0] = {}) {
  const io = fakeIo({ env: process.env, ...more });
  const code = await command.run(understand(command, args, io), io);
  return { code, out: io.stdout.join(''), err: io.stderr.join('') };
}
