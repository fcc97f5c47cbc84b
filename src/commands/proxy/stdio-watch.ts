import { fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Addon, Pending } from 'node-hvsock-native';
import { ConnectError } from '../../base/errors.js';
import { exhaustion } from '../../connect/failures/failure.js';
import type { Io } from '../../process/io.js';

/** Reports when the program that started this proxy is gone, while the proxy still connects. */
export type StdioWatch = Awaited<ReturnType<typeof watchStdio>>;

/** Watches stdin and stdout: with the addon without taking a byte, otherwise by reading ahead, of which `input` is what came. The signal is aborted when stdin ends and is no file, or stdout loses its reader; if stdin fails, its error is the reason. */
export async function watchStdio(addon: Addon | undefined, io: Io) {
  const gone = new AbortController();
  const { signal } = gone;
  if (addon) {
    // Not yet: a local socket opens at once, and then no thread is needed for this.
    let pending: Pending<void> | undefined;
    const start = setImmediate(() => {
      pending = addon.watchHangup([0, 1]);
      pending.promise.then(
        () => gone.abort(),
        () => {},
      );
    });
    const stop = () => {
      clearImmediate(start);
      pending?.cancel();
    };
    return { signal, input: undefined, stop };
  }
  const { EarlyInput } = await import('../../deliver/relay-streams.js');
  const stream = io.streams().input;
  const input = new EarlyInput(stream);
  let watching = true;
  void input.ended.then((error) => watching && (error || endsWithCaller(stream)) && gone.abort(error));
  return {
    signal,
    input,
    stop: () => {
      watching = false;
    },
  };
}

/** False for files and devices, such as /dev/null: they end while the caller is still there. */
function endsWithCaller({ fd }: Readable & { readonly fd?: number }): boolean {
  if (fd === undefined) return true;
  const stats = fstatSync(fd);
  return stats.isFIFO() || stats.isSocket();
}

/** Why a proxy stopped connecting: ssh is gone, or our own stdin failed. `signal` comes from the watch on both. */
export function callerGone(text: string, { reason }: AbortSignal, cause: unknown): ConnectError {
  const { code, message } = (reason ?? {}) as { readonly code?: unknown; readonly message?: string };
  if (typeof code === 'string' && !hangUps.has(code)) {
    const problem = `stdin cannot be read: ${message}`;
    return new ConnectError('connect', text, { code, problem, hint: exhaustion(code)?.hint, cause: reason });
  }
  const problem = 'ssh went away before the connection was made (its end of stdin or stdout is closed)';
  return new ConnectError('connect', text, { code: 'EPIPE', problem, cause });
}

/** The errors of a socket to an ssh that has exited. */
const hangUps: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);
