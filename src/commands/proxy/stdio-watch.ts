import { fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Addon, Pending } from 'node-hvsock-native';
import type { Io } from '../../cli/command.js';
import type { EarlyInput } from '../../deliver/relay-streams.js';

/** Reports when the program that started this proxy is gone, while the proxy still connects. */
export interface StdioWatch {
  /** Aborted when stdin ends and is no file, or stdout loses its reader; if stdin fails, its error is the reason. */
  readonly signal: AbortSignal;
  /** What had to be read from stdin to find out, without the addon. */
  readonly input: EarlyInput | undefined;
  stop(): void;
}

/** Watches stdin and stdout: with the addon without taking a byte, otherwise by reading ahead, once that is allowed. */
export async function watchStdio(
  addon: Addon | undefined,
  io: Io,
  mayRead?: Promise<void>,
): Promise<StdioWatch> {
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
  let input: EarlyInput | undefined;
  let watching = true;
  const read = () => {
    const stream = io.streams().input;
    input = new EarlyInput(stream);
    void input.ended.then((error) => watching && (error || endsWithCaller(stream)) && gone.abort(error));
  };
  if (mayRead) void mayRead.then(read);
  else read();
  return {
    signal,
    get input() {
      return input;
    },
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
