import type { StandardOutput } from '../standard-output.js';
import { DescriptorStream } from '../streams.js';

export type { DescriptorStream as Readable };
/** What is written to: our own stdout and stderr. */
export type Writable = StandardOutput;

/** A stream of its maker's own making. */
export interface MadeDuplex extends Duplex {
  push(bytes: Uint8Array | null): boolean;
}

export interface DuplexOptions {
  readonly allowHalfOpen: boolean;
  read(this: MadeDuplex): void;
  write(bytes: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void;
  writev(chunks: readonly { readonly chunk: unknown }[], done: (error?: Error | null) => void): void;
  final(done: (error?: Error | null) => void): void;
  destroy(error: Error | null, done: (error?: Error | null) => void): void;
}

/** Sockets are of this type. Only the library makes others, and that runs on Node. */
export class Duplex extends DescriptorStream {
  constructor(_options: DuplexOptions) {
    super({ readable: true, writable: true });
    throw new Error('the engine has no streams but those over descriptors');
  }
}
