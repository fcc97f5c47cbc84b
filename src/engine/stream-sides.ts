import { read, write } from 'engine:files';
import { remove, watch } from 'engine:loop';
import { toBuffer } from './bytes.js';

interface Host {
  emit(name: string, ...args: unknown[]): boolean;
  failed(error: Error): void;
}

interface ReadHost extends Host {
  /** Everything was read and passed on. */
  readEnded(): void;
}

/** The size of a read, in bytes. */
const chunk = 65536;
/** The limit of chunks that wait for a reader. */
const maxHeld = 16;

/** Reads from a non-blocking descriptor: by events while it flows, otherwise by `read` or an iteration. */
export class ReadSide {
  readonly #host: ReadHost;
  readonly #held: Buffer[] = [];
  #descriptor: number | undefined;
  #watch: number | undefined;
  #flowing: boolean | undefined;
  #wanted = false;
  #atEnd = false;
  #decoder: InstanceType<typeof TextDecoder> | undefined;
  ended = false;

  constructor(host: ReadHost) {
    this.#host = host;
  }

  open(descriptor: number): void {
    this.#descriptor = descriptor;
    if (this.#wanted) this.#want();
  }

  close(): void {
    this.#unwatch();
    this.#descriptor = undefined;
  }

  get isPaused(): boolean {
    return this.#flowing === false;
  }

  get isTaken(): boolean {
    return this.#flowing !== undefined || this.#wanted;
  }

  setEncoding(encoding: BufferEncoding): void {
    this.#decoder = new TextDecoder(encoding);
  }

  resume(): void {
    this.#flowing = true;
    queueMicrotask(() => this.#flow());
    this.#want();
  }

  pause(): void {
    this.#flowing = false;
  }

  /** What is buffered; null if nothing is: "readable" or "end" follows. */
  take(): Buffer | null {
    if (this.#held.length > 0) {
      const all = Buffer.concat(this.#held.splice(0));
      this.#want();
      return all;
    }
    if (this.#atEnd) queueMicrotask(() => this.#end());
    else this.#want();
    return null;
  }

  /** Reads ahead, to emit "readable". */
  start(): void {
    if (this.#held.length > 0 || this.#atEnd) this.#host.emit('readable');
    else this.#want();
  }

  #want(): void {
    this.#wanted = true;
    if (this.#descriptor === undefined || this.#watch !== undefined || this.#atEnd) return;
    this.#watch = watch(this.#descriptor, pollEvents.in, () => this.#read(this.#descriptor as number));
  }

  #read(descriptor: number): void {
    let bytes: Uint8Array;
    try {
      bytes = read(descriptor, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN' || code === 'EINTR') return;
      this.#unwatch();
      this.#host.failed(error as Error);
      return;
    }
    if (bytes.length === 0) this.#atEnd = true;
    else this.#held.push(toBuffer(bytes) as unknown as Buffer);
    if (this.#atEnd || (!this.#flowing && this.#held.length >= maxHeld)) this.#unwatch();
    if (this.#flowing) this.#flow();
    else this.#host.emit('readable');
  }

  #flow(): void {
    while (this.#flowing && this.#held.length > 0) this.#give(this.#held.shift() as Buffer);
    if (this.#flowing && this.#atEnd) this.#end();
    else if (this.#flowing) this.#want();
  }

  #give(bytes: Buffer): void {
    const value = this.#decoder ? this.#decoder.decode(bytes, { stream: true }) : bytes;
    if (value.length > 0) this.#host.emit('data', value);
  }

  #end(): void {
    if (this.ended || this.#held.length > 0) return;
    this.ended = true;
    const rest = this.#decoder?.decode() ?? '';
    if (rest !== '') this.#host.emit('data', rest);
    this.#host.emit('end');
    this.#host.readEnded();
  }

  #unwatch(): void {
    if (this.#watch !== undefined) remove(this.#watch);
    this.#watch = undefined;
  }
}

export type WriteCallback = (error?: Error | null) => void;

interface WriteHost extends Host {
  /** Everything was written, and nothing more will be. */
  writeFinished(): void;
}

interface Piece {
  bytes: Uint8Array;
  readonly callback: WriteCallback | undefined;
}

/** Writes to a non-blocking descriptor, in the order of the calls. */
export class WriteSide {
  readonly #host: WriteHost;
  readonly #queue: Piece[] = [];
  #descriptor: number | undefined;
  #watch: number | undefined;
  #toldToWait = false;
  ended = false;
  finished = false;

  constructor(host: WriteHost) {
    this.#host = host;
  }

  open(descriptor: number): void {
    this.#descriptor = descriptor;
    this.#drain();
  }

  close(error: Error | undefined): void {
    if (this.#watch !== undefined) remove(this.#watch);
    this.#watch = undefined;
    this.#descriptor = undefined;
    const reason =
      error ?? codedError('ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed');
    for (const { callback } of this.#queue.splice(0)) queueMicrotask(() => callback?.(reason));
  }

  write(bytes: Uint8Array, callback: WriteCallback | undefined): boolean {
    this.#queue.push({ bytes, callback });
    this.#drain();
    this.#toldToWait ||= this.#queue.length > 0;
    return this.#queue.length === 0;
  }

  end(): void {
    this.ended = true;
    this.#drain();
  }

  #drain(): void {
    const descriptor = this.#descriptor;
    if (descriptor === undefined || this.#watch !== undefined) return;
    for (let piece = this.#queue[0]; piece; piece = this.#queue[0]) {
      if (!this.#writeSome(descriptor, piece)) return;
    }
    if (this.#toldToWait && !this.ended) queueMicrotask(() => this.#host.emit('drain'));
    this.#toldToWait = false;
    if (!this.ended || this.finished) return;
    this.finished = true;
    this.#host.writeFinished();
  }

  #writeSome(descriptor: number, piece: Piece): boolean {
    try {
      piece.bytes = piece.bytes.subarray(write(descriptor, piece.bytes));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EINTR') return true;
      if (code === 'EAGAIN') this.#await(descriptor);
      else this.#host.failed(error as Error);
      return false;
    }
    if (piece.bytes.length > 0) return true;
    this.#queue.shift();
    const { callback } = piece;
    if (callback) queueMicrotask(() => callback(null));
    return true;
  }

  #await(descriptor: number): void {
    this.#watch = watch(descriptor, pollEvents.out, () => {
      if (this.#watch !== undefined) remove(this.#watch);
      this.#watch = undefined;
      this.#drain();
    });
  }
}

export function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

export function abortError(signal: AbortSignal | undefined): Error {
  const error = new Error('The operation was aborted', { cause: signal?.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

/** Events of poll(2). */
export const pollEvents = { in: 1, out: 4 } as const;
