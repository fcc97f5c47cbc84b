import type { Addon } from 'node-hvsock-native';
import type { EarlyInput } from '../deliver/early-input.js';
import type { Io } from './command.js';

/** Tells when who started this proxy is gone, while it still connects. */
export interface StdioWatch {
  /** Aborted when stdin came to its end, or stdout has no reader any more. */
  readonly signal: AbortSignal;
  /** Stdin as far as it had to be read for that, where there is no addon. */
  readonly input: EarlyInput | undefined;
  stop(): void;
}

/** Watches stdin and stdout: by the addon without taking a byte, else by reading ahead. */
export async function watchStdio(addon: Addon | undefined, io: Io): Promise<StdioWatch> {
  const controller = new AbortController();
  if (addon) {
    const pending = addon.watchHangup([0, 1]);
    pending.promise.then(
      () => controller.abort(),
      () => {},
    );
    return { signal: controller.signal, input: undefined, stop: () => pending.cancel() };
  }
  const { EarlyInput } = await import('../deliver/early-input.js');
  const input = new EarlyInput(io.streams().input);
  let watching = true;
  void input.ended.then(() => watching && controller.abort());
  return {
    signal: controller.signal,
    input,
    stop: () => {
      watching = false;
    },
  };
}
