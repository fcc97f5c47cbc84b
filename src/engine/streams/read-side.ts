import { read } from 'engine:files';
import { keepAlive, remove, watch } from 'engine:loop';
import { toBuffer } from '../globals/buffer.js';
import { pollEvents } from './poll-events.js';

/** The interface of a stream for its reading side. */
export interface ReadHost {
  emit(name: string, ...args: unknown[]): boolean;
  /** Everything was read and passed on. */
  readEnded(): void;
  readFailed(error: Error): void;
}

/** The size of a read, in bytes. */
const chunk = 65536;
/** The limit of chunks that wait for a reader. */
const mostHeld = 16;

/** The decoder's name for those of Node's encodings that differ. */
const decoderNames: Readonly<Record<string, string>> = { utf16le: 'utf-16le', binary: 'latin1' };

/** Reads from a non-blocking descriptor: by events while it flows, otherwise by `read` or an iteration. */
export class ReadSide {
  readonly #host: ReadHost;
  readonly #held: Buffer[] = [];
  #descriptor: number | undefined;
  #watch: number | undefined;
  #flowing: boolean | undefined;
  #wanted = false;
  #atEnd = false;
  #keepsAlive = true;
  #decoder: InstanceType<typeof TextDecoder> | undefined;
  ended = false;

  constructor(host: ReadHost) {
    this.#host = host;
  }

  /** Starts, once there is a descriptor. */
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
    this.#decoder = new TextDecoder(decoderNames[encoding.toLowerCase()] ?? encoding);
  }

  resume(): void {
    this.#flowing = true;
    queueMicrotask(() => this.#flow());
    this.#want();
  }

  pause(): void {
    this.#flowing = false;
  }

  keepAlive(alive: boolean): void {
    this.#keepsAlive = alive;
    if (this.#watch !== undefined) keepAlive(this.#watch, alive);
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
    keepAlive(this.#watch, this.#keepsAlive);
  }

  #read(descriptor: number): void {
    let bytes: Uint8Array;
    try {
      bytes = read(descriptor, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN' || code === 'EINTR') return;
      this.#unwatch();
      this.#host.readFailed(error as Error);
      return;
    }
    if (bytes.length === 0) this.#atEnd = true;
    else this.#held.push(toBuffer(bytes) as unknown as Buffer);
    if (this.#atEnd || (!this.#flowing && this.#held.length >= mostHeld)) this.#unwatch();
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
