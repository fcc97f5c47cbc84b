import { close, setNonblocking } from 'engine:files';
import { shutdownWriting } from 'engine:sockets';
import { EventEmitter } from './node/events.js';
import { codedError, ReadSide, type WriteCallback, WriteSide } from './stream-sides.js';

interface Sides {
  readonly readable: boolean;
  readonly writable: boolean;
  readonly allowHalfOpen?: boolean;
}

/** A stream over a descriptor that it owns, with the events of Node's streams. Its iteration gives Buffers. */
export class DescriptorStream extends EventEmitter<StreamEvents> implements AsyncIterable<Buffer> {
  readonly readable: boolean;
  readonly writable: boolean;
  readonly #allowHalfOpen: boolean;
  readonly #reading = new ReadSide(this);
  readonly #writing = new WriteSide(this);
  #descriptor: number | undefined;
  #failure: Error | undefined;
  destroyed = false;

  constructor({ readable, writable, allowHalfOpen = false }: Sides) {
    super();
    this.readable = readable;
    this.writable = writable;
    this.#allowHalfOpen = allowHalfOpen;
  }

  get readableEnded(): boolean {
    return this.#reading.ended;
  }

  get writableEnded(): boolean {
    return this.#writing.ended;
  }

  /** Starts reading and writing; closes `descriptor` at the end. */
  open(descriptor: number): this {
    setNonblocking(descriptor);
    this.#descriptor = descriptor;
    if (this.readable) this.#reading.open(descriptor);
    if (this.writable) this.#writing.open(descriptor);
    return this;
  }

  setEncoding(encoding: BufferEncoding): this {
    this.#reading.setEncoding(encoding);
    return this;
  }

  resume(): this {
    this.#reading.resume();
    return this;
  }

  pause(): this {
    this.#reading.pause();
    return this;
  }

  read(): Buffer | null {
    return this.#reading.take();
  }

  get isRead(): boolean {
    return this.#reading.isTaken;
  }

  write(data: string | Uint8Array, done?: WriteCallback): boolean {
    if (this.destroyed || this.writableEnded) return this.#refuse(done);
    return this.#writing.write(typeof data === 'string' ? Buffer.from(data) : data, done);
  }

  #refuse(done: WriteCallback | undefined): false {
    const error = this.writableEnded
      ? codedError('ERR_STREAM_WRITE_AFTER_END', 'write after end')
      : codedError('ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed');
    queueMicrotask(() => done?.(error));
    if (this.writableEnded) this.destroy(error);
    return false;
  }

  end(data?: string | Uint8Array): this {
    if (this.destroyed || this.writableEnded) return this;
    if (data !== undefined && data.length > 0) this.write(data);
    this.#writing.end();
    return this;
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.#failure = error;
    this.#reading.close();
    this.#writing.close(error);
    if (this.#descriptor !== undefined) close(this.#descriptor);
    this.#descriptor = undefined;
    queueMicrotask(() => {
      if (error) this.emit('error', error);
      this.emit('close');
    });
    return this;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    return chunksOf(this, () => this.#failure);
  }

  readEnded(): void {
    if (this.writable && !this.#allowHalfOpen) this.end();
    this.#closeWhenDone();
  }

  failed(error: Error): void {
    this.destroy(error);
  }

  writeFinished(): void {
    try {
      if (this.readable && this.#descriptor !== undefined) shutdownWriting(this.#descriptor);
    } catch {} // the other side is gone
    queueMicrotask(() => {
      this.emit('finish');
      this.#closeWhenDone();
    });
  }

  protected override changed(name: string | symbol, before: number, now: number): void {
    if (now <= before) return;
    if (name === 'data' && !this.#reading.isPaused) this.resume();
    if (name === 'readable') queueMicrotask(() => this.#reading.start());
  }

  #closeWhenDone(): void {
    const readDone = !this.readable || this.#reading.ended;
    const writeDone = !this.writable || this.#writing.finished;
    if (readDone && writeDone) this.destroy();
  }
}

/** The Buffers of a stream as they come. It is destroyed at the end. Throws what ended it early. */
async function* chunksOf(stream: DescriptorStream, failure: () => Error | undefined): AsyncGenerator<Buffer> {
  // Thrown below: one that comes between two reads must not end the process.
  stream.on('error', () => {});
  try {
    for (;;) {
      const bytes = stream.read();
      if (bytes) yield bytes;
      else if (failure()) throw failure();
      else if (stream.readableEnded) return;
      else if (stream.destroyed) throw codedError('ERR_STREAM_PREMATURE_CLOSE', 'Premature close');
      else await nextChange(stream);
    }
  } finally {
    stream.destroy();
  }
}

const changes = ['readable', 'end', 'close'] as const;

function nextChange(stream: DescriptorStream): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const name of changes) stream.off(name, done);
      resolve();
    };
    for (const name of changes) stream.on(name, done);
  });
}

export interface StreamEvents {
  /** A Buffer, or a string after `setEncoding`. */
  readonly data: [chunk: never];
  readonly readable: [];
  readonly end: [];
  readonly drain: [];
  readonly finish: [];
  readonly connect: [];
  readonly error: [error: NodeJS.ErrnoException];
  readonly close: [];
}
