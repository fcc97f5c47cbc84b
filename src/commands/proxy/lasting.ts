import type { Io } from '../../cli/command.js';
import type { RelayStdioOptions } from '../../deliver/relay.js';
import type { Trace } from '../../reach.js';

/** The program's first argument when it is called to report why a relay ended; relay-ended.ts has the others. */
export const relayEndedFlag = '--relay-ended';

/** How a relay of the executable that lasts goes on without the engine. With -v the engine stays, to report the bytes moved. */
export function lasting(
  { self, program }: Io,
  text: string,
  trace: Trace | undefined,
  ignoreInterrupts: boolean,
): RelayStdioOptions['handOff'] {
  if (trace) return undefined;
  return { onFailure: [...self, relayEndedFlag, program, text], ignoreInterrupts };
}
