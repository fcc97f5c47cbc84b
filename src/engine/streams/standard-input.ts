import { isTerminal } from 'engine:system';
import { DescriptorStream } from './descriptor-stream.js';

/** process.stdin. */
export class StandardInput extends DescriptorStream {
  readonly fd: number;
  readonly isTTY: boolean;

  constructor(fd: number) {
    super({ readable: true, writable: false });
    this.fd = fd;
    this.isTTY = isTerminal(fd);
    this.open(fd);
  }
}
