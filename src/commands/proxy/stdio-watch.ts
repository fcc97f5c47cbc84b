import type { Addon, Pending } from 'node-hvsock-native';
import type { Io } from '../../cli/command.js';
import type { EarlyInput } from '../../deliver/early-input.js';

/** Tells when who started this proxy is gone, while it still connects. */
export interface StdioWatch {
  /** Aborted when stdin came to its end, or stdout has no reader any more; where stdin fails, its error is the reason. */
  readonly signal: AbortSignal;
  /** Stdin as far as it had to be read for that, where there is no addon. */
  readonly input: EarlyInput | undefined;
  stop(): void;
}

/** Watches stdin and stdout: by the addon without taking a byte, else by reading ahead. */
export async function watchStdio(addon: Addon | undefined, io: Io): Promise<StdioWatch> {
  const controller = new AbortController();
  if (addon) {
    // Not yet: a local socket is open at once, and then no thread has to be started for this.
    let pending: Pending<void> | undefined;
    const start = setImmediate(() => {
      pending = addon.watchHangup([0, 1]);
      pending.promise.then(
        () => controller.abort(),
        () => {},
      );
    });
    const stop = () => {
      clearImmediate(start);
      pending?.cancel();
    };
    return { signal: controller.signal, input: undefined, stop };
  }
  const { EarlyInput } = await import('../../deliver/early-input.js');
  const input = new EarlyInput(io.streams().input);
  let watching = true;
  void input.ended.then((error) => watching && controller.abort(error));
  return {
    signal: controller.signal,
    input,
    stop: () => {
      watching = false;
    },
  };
}
