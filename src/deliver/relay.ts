import type { Readable, Writable } from 'node:stream';
import type { HandOff } from 'node-hvsock-native';
import type { Connection } from '../connect/connection.js';
import { multiplexerOf } from '../connect/multiplexer.js';
import type { AddonState } from '../native.js';
import type { EarlyInput } from './early-input.js';

export interface RelayStdioOptions {
  /** The target as typed, for error messages. */
  readonly text: string;
  readonly native: AddonState;
  /** Stdin, if reading from it has begun. */
  readonly input?: EarlyInput | undefined;
  /** After stdin has ended, the relay ends after this many milliseconds without a byte; -1: only the peer ends it. */
  readonly lingerMs: number;
  /** Set if the process does nothing else afterwards: a long relay of the executable then goes on without the engine. */
  readonly handOff?: Pick<HandOff, 'onFailure' | 'ignoreInterrupts' | 'confined'> | undefined;
  readonly streams: () => { readonly input: Readable; readonly output: Writable };
}

/** Milliseconds. Most short sessions end before this and avoid the exec. */
const afterMs = 1500;

/** Relays stdin and stdout until the peer or the caller is gone; resolves to a clause for the trace. */
export async function relayStdio(connection: Connection, options: RelayStdioOptions): Promise<string> {
  const { native, lingerMs, text } = options;
  const handOff = options.handOff && { ...options.handOff, afterMs, title: text };
  try {
    if (connection.carried) {
      await connection.carried;
      return 'ended';
    }
    if (native.addon && connection.handle) {
      const { sent, received, end } = await native.addon.relay(connection.handle, 0, 1, {
        lingerMs,
        multiplexer: multiplexerOf(connection),
        handOff,
      });
      if (end === 'peer') await connection.confirmEnd?.();
      return `${sent} bytes out, ${received} bytes in, ended by ${end}`;
    }
    const { relayStreams } = await import('./relay-streams.js');
    const { input, output } = options.streams();
    await relayStreams(connection, options.input ?? input, output, lingerMs);
    return 'ended';
  } catch (error) {
    const code = (error as { code?: string }).code ?? 'UNKNOWN';
    const { relayError } = await import('./relay-error.js');
    throw relayError(text, code, error);
  }
}
