import { columns, isTerminal } from 'engine:system';
import { writeAll } from './files.js';
import { EventEmitter } from './node/events.js';
import type { WriteCallback } from './stream-sides.js';
import type { StreamEvents } from './streams.js';

/** process.stdout and process.stderr: writes are synchronous, as Node's are to terminals and files. */
export class StandardOutput extends EventEmitter<StreamEvents> {
  readonly fd: number;
  readonly isTTY: boolean;

  constructor(fd: number) {
    super();
    this.fd = fd;
    this.isTTY = isTerminal(fd);
  }

  get columns(): number | undefined {
    return this.isTTY ? columns(this.fd) || undefined : undefined;
  }

  write(data: string | Uint8Array, encoding?: BufferEncoding | WriteCallback, callback?: WriteCallback) {
    const done = typeof encoding === 'function' ? encoding : callback;
    let failure: Error | undefined;
    try {
      writeAll(this.fd, typeof data === 'string' ? Buffer.from(data) : data);
    } catch (error) {
      failure = error as Error;
    }
    queueMicrotask(() => {
      done?.(failure);
      if (failure) this.emit('error', failure);
    });
    return true;
  }

  end(done?: () => void): this {
    queueMicrotask(() => {
      done?.();
      this.emit('finish');
    });
    return this;
  }

  hasColors(): boolean {
    return this.isTTY;
  }

  cursorTo(column: number): boolean {
    return this.write(`\x1b[${column + 1}G`);
  }

  moveCursor(_columns: number, rows: number): boolean {
    return rows === 0 || this.write(`\x1b[${Math.abs(rows)}${rows < 0 ? 'A' : 'B'}`);
  }

  clearLine(direction: -1 | 0 | 1): boolean {
    return this.write(`\x1b[${direction < 0 ? 1 : direction > 0 ? 0 : 2}K`);
  }
}
