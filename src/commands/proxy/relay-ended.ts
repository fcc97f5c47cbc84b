import type { Io } from '../../cli/command.js';
import { explain } from '../../cli/message.js';
import { relayError } from '../../deliver/relay-error.js';

/**
 * --relay-ended PROGRAM TARGET CODE: what vmssh-relay calls when its connection broke, and no person does. Says what the
 * program would have said that became vmssh-relay, and resolves to its exit code.
 */
export function relayEnded([program, text = '', code = '']: readonly string[], io: Io): Promise<number> {
  const caller = program === 'vsock-nc' ? program : 'vmssh';
  return explain(relayError(text, code), { ...io, program: caller });
}
