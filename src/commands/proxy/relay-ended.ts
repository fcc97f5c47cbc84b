import type { Io } from '../../cli/command.js';
import { explain } from '../../cli/message.js';
import { relayError } from '../../deliver/relay-error.js';

/**
 * --relay-ended PROGRAM TARGET CODE: a relay without the engine becomes this when its connection breaks; never called by
 * people. Prints the error that PROGRAM itself would have printed, and resolves to its exit code.
 */
export function relayEnded([program, text = '', code = '']: readonly string[], io: Io): Promise<number> {
  const caller = program === 'vsock-nc' ? program : 'vmssh';
  return explain(relayError(text, code), { ...io, program: caller });
}
