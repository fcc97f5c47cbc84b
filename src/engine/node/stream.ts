import type { StandardOutput } from '../standard-output.js';
import type { DescriptorStream } from '../streams.js';

/** Sockets are Duplex. Only the library makes others, and that runs on Node. */
export type { DescriptorStream as Duplex, DescriptorStream as Readable };
export type Writable = StandardOutput;
