import { ConnectError, exitCode } from '../../base/errors.js';
import { isCompiled, wantsColor } from '../../base/runtime.js';
import type { Connection } from '../../connect/connection.js';
import { otherRelayFailure, type RelayStdioOptions, relayFailures, relayStdio } from '../../deliver/relay.js';
import type { Io } from '../../process/io.js';
import type { Trace } from '../../reach/reach.js';

export interface RelayToEndOptions extends Omit<RelayStdioOptions, 'handOff' | 'streams'> {
  readonly trace: Trace | undefined;
  /** Ctrl-C is for ssh, which ends us. */
  readonly ignoreInterrupts: boolean;
}

/** Relays stdin and stdout: the last that a process does. Resolves to its exit code. */
export async function relayToEnd(
  connection: Connection,
  { trace, ignoreInterrupts, ...options }: RelayToEndOptions,
  io: Io,
): Promise<number> {
  if (ignoreInterrupts) io.ignoreInterrupts();
  const handOff = await lasting(io, connection, options.text, trace, ignoreInterrupts);
  const moved = await relayStdio(connection, { ...options, handOff, streams: io.streams });
  trace?.('relay', moved);
  return exitCode.ok;
}

/** How a long relay of the executable goes on without the engine, which stays with -v, to report the bytes moved, and for a hop, which ends with us. Node stays. */
export async function lasting(
  io: Io,
  { confirmEnd }: { readonly confirmEnd?: Connection['confirmEnd'] },
  text: string,
  trace: Trace | undefined,
  ignoreInterrupts: boolean,
  compiled = isCompiled,
): Promise<RelayStdioOptions['handOff']> {
  if (!compiled || trace || confirmEnd) return undefined;
  return { onFailure: await failureLines(io, text), ignoreInterrupts, confined: !io.env.VMSSH_NO_SANDBOX };
}

/** What cli/rows.ts prints in a pipe of `relayError`, in the pieces that HandOff.onFailure takes. */
async function failureLines(io: Parameters<typeof lasting>[0], text: string): Promise<readonly string[]> {
  const { message } = new ConnectError('relay', text, { code: '', problem: '' });
  // This runs before each relay, so nothing is loaded if there are no colours.
  const style = wantsColor(io, 'stderr')
    ? await (await import('../../cli/terminal.js')).styles(io, 'stderr')
    : undefined;
  const [name, hint] = [`${io.program}:`, 'hint:'];
  return [
    ...[`${style?.red(name) ?? name} ${message}`, `${style?.dim(hint) ?? hint} `],
    ...relayFailures.flatMap(({ codes, problem, hint }) => [codes.join(' '), problem, hint]),
    ...['', otherRelayFailure, ''],
  ];
}
