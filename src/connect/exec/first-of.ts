import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** What a stream begins with. */
export interface Beginning {
  /** What has come. */
  readonly text: string;
  /** Resolves to the text once the stream has ended, or after a short time: a process that was left running may hold it open. */
  whole(): Promise<string>;
  /** Closes the stream. */
  stop(): void;
}

/** Keeps what a stream begins with; after `most` characters the stream is closed. */
export function firstOf(stream: Readable | null, most: number): Beginning {
  let text = '';
  stream?.setEncoding('utf8');
  stream?.on('error', () => {});
  stream?.on('data', (part: string) => {
    text = (text + part).slice(0, most);
    if (text.length >= most) stream.destroy();
  });
  const ended = stream && once(stream, 'close').catch(() => {});
  return {
    get text() {
      return text;
    },
    async whole() {
      await Promise.race([ended, delay(graceMs)]);
      return text;
    },
    stop: () => void stream?.destroy(),
  };
}

/** Milliseconds. */
const graceMs = 200;
