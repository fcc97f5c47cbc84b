import type { Io } from '../../cli/command.js';
import type { Connection } from '../../connect/connection.js';
import type { RelayStdioOptions } from '../../deliver/relay.js';
import type { Trace } from '../../reach.js';

/** The program's first argument when it is called to report why a relay ended; relay-ended.ts has the others. */
export const relayEndedFlag = '--relay-ended';

/**
 * How a relay of the executable that lasts goes on without the engine. The engine stays with -v, to report the bytes
 * moved, and for a hop, which ends with us.
 */
export function lasting(
  { self, program }: Io,
  { confirmEnd }: Pick<Connection, 'confirmEnd'>,
  text: string,
  trace: Trace | undefined,
  ignoreInterrupts: boolean,
): RelayStdioOptions['handOff'] {
  if (trace || confirmEnd) return undefined;
  return { onFailure: [...self, relayEndedFlag, program, text], ignoreInterrupts };
}
