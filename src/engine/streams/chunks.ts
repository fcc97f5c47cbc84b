import type { EventEmitter } from '../node/events.js';
import type { StreamEvents } from './stream-events.js';
import { codedError } from './write-side.js';

/** What is read of a stream, and ended with it. */
interface Source extends EventEmitter<StreamEvents> {
  readonly destroyed: boolean;
  readonly readableEnded: boolean;
  pause(): unknown;
  resume(): unknown;
  destroy(): unknown;
}

/** The Buffers of a stream as they come. It is paused between them, and destroyed at the end. Throws what ended it early. */
export async function* chunksOf(stream: Source, failure: () => Error | undefined): AsyncGenerator<Buffer> {
  const arrived: Buffer[] = [];
  let wake = () => {};
  let ended = false;
  const end = () => {
    ended = true;
    wake();
  };
  const take = (data: Buffer) => {
    arrived.push(data);
    stream.pause();
    wake();
  };
  let closed = stream.destroyed;
  const close = () => {
    closed = true;
    wake();
  };
  stream.on('data', take).on('end', end).on('close', close).on('error', close);
  try {
    for (;;) {
      const next = arrived.shift();
      if (next !== undefined) yield next;
      else if (failure()) throw failure();
      else if (ended || stream.readableEnded) return;
      else if (closed) throw codedError('ERR_STREAM_PREMATURE_CLOSE', 'Premature close');
      else {
        const changed = new Promise<void>((resolve) => {
          wake = resolve;
        });
        stream.resume();
        await changed;
      }
    }
  } finally {
    stream.off('data', take).off('end', end).off('close', close);
    stream.destroy();
  }
}
