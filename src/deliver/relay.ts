import type { Readable, Writable } from 'node:stream';
import type { HandOff } from 'node-hvsock-native';
import { ConnectError } from '../base/errors.js';
import type { AddonState } from '../base/native.js';
import type { Connection } from '../connect/connection.js';
import { exhausted, type Failure, windowsExhausted } from '../connect/failures/failure.js';
import { multiplexerOf } from '../connect/multiplexer.js';
import { takesUnixSocket } from './pass-fd.js';
import type { EarlyInput } from './relay-streams.js';

export interface RelayStdioOptions {
  readonly text: string;
  readonly native: AddonState;
  /** Stdin, if reading from it has begun. */
  readonly input?: EarlyInput;
  /** After stdin has ended, the relay ends after this many milliseconds without a byte; -1: only the peer ends it. */
  readonly lingerMs: number;
  /** Set if the process does nothing else afterwards: a long relay of the executable then goes on without the engine. */
  readonly handOff?: Pick<HandOff, 'onFailure' | 'ignoreInterrupts' | 'confined'>;
  /** Whether ssh may wait for a socket of which nothing told us, as with ProxyUseFdpass: it then closes without a byte. */
  readonly mayWantSocket?: boolean;
  readonly streams: () => { readonly input: Readable; readonly output: Writable };
}

/** Milliseconds. Most short sessions end before this and avoid the exec. */
const afterMs = 1500;

/** Relays stdin and stdout until the peer or the caller is gone; resolves to a clause for the trace. */
export async function relayStdio(connection: Connection, options: RelayStdioOptions): Promise<string> {
  const { native, lingerMs, text } = options;
  const handOff = options.handOff && { ...options.handOff, afterMs, title: text };
  try {
    if (native.addon && connection.handle) {
      const { sent, received, end } = await native.addon.relay(connection.handle, 0, 1, {
        lingerMs,
        multiplexer: multiplexerOf(connection),
        handOff,
      });
      if (end === 'peer') await connection.confirmEnd?.();
      else if (sent === 0 && options.mayWantSocket && takesUnixSocket()) throw wantsFdpass(text);
      return `${sent} bytes out, ${received} bytes in, ended by ${end}`;
    }
    const { relayStreams } = await import('./relay-streams.js');
    const { input, output } = options.streams();
    await relayStreams(connection, options.input ?? input, output, lingerMs);
    return 'ended';
  } catch (error) {
    if (error instanceof ConnectError) throw error;
    const code = (error as { code?: string }).code ?? 'UNKNOWN';
    throw relayError(text, code, error);
  }
}

function wantsFdpass(text: string): ConnectError {
  return new ConnectError('relay', text, {
    code: 'USAGE',
    problem:
      'ssh closed the connection at once: with ProxyUseFdpass yes it waits for a socket, but got bytes',
    hint: 'add --fdpass to the ProxyCommand: vmssh proxy --fdpass %h %p; or set ProxyUseFdpass no',
  });
}

export function relayError(text: string, code: string, cause?: unknown): ConnectError {
  const known = relayFailures.find(({ codes }) => codes.includes(code));
  return new ConnectError('relay', text, {
    code,
    problem: `${known?.problem ?? otherRelayFailure} (${code})`,
    hint: known?.hint,
    cause,
  });
}

export const otherRelayFailure = 'moving its bytes failed';

/** What failed: the machine, or this side's output. docs/reference/errors.md has the same rows, but for those of any socket. */
export const relayFailures: readonly Failure[] = [
  {
    codes: [
      ...['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ENOTCONN', 'ETIMEDOUT', 'EPROTO', 'ENODEV'],
      ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'ENETRESET'],
      ...['WSAECONNRESET', 'WSAECONNABORTED', 'WSAENOTCONN', 'WSAESHUTDOWN', 'WSAEDISCON', 'WSAETIMEDOUT'],
      ...['WSAEHOSTUNREACH', 'WSAEHOSTDOWN', 'WSAENETUNREACH', 'WSAENETDOWN', 'WSAENETRESET'],
    ],
    problem: 'the machine broke the connection',
    hint: 'check that it is still running',
  },
  {
    codes: ['HOP_LOST'],
    problem: 'the hop to its hypervisor broke off, so bytes may be missing',
    hint: "see the message of ssh, or of the hypervisor's tool, above",
  },
  {
    codes: ['ENOSPC', 'EDQUOT'],
    problem: 'no space left for the output on this side',
    hint: 'free some space where stdout is written: df -h',
  },
  {
    codes: ['EFBIG'],
    problem: 'the output file cannot grow any more',
    hint: 'see ulimit -f, and the largest file of its file system',
  },
  {
    codes: ['EIO', 'EBADF', 'EISDIR', 'EINVAL', 'ENXIO', 'EACCES', 'EPERM'],
    problem: 'stdin or stdout failed on this side',
    hint: 'check what they are connected to',
  },
  {
    codes: ['EAGAIN'],
    problem: 'no thread could be started for it',
    hint: 'raise ulimit -u, or the number of tasks of this session or container; see free -m, too',
  },
  ...exhausted,
  windowsExhausted,
];
