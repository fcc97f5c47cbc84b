import { Duplex } from 'node:stream';
import type { Connection } from '../connect/connection.js';

/** The size of a read, in bytes: the chunks that ssh2 gets. */
const chunk = 65536;

/** The connection as a Node stream with half-close and backpressure, usable as ssh2's `sock`. It owns the connection. */
export function toDuplex(connection: Connection): Duplex {
  return new Duplex({
    allowHalfOpen: true,
    read() {
      connection.read(chunk).then(
        (bytes) => this.push(bytes.length === 0 ? null : bytes),
        (error) => this.destroy(error),
      );
    },
    write(bytes: Buffer, _encoding, done) {
      connection.write(bytes).then(() => done(), done);
    },
    writev(chunks, done) {
      connection.write(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer))).then(() => done(), done);
    },
    final(done) {
      try {
        connection.shutdown();
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    destroy(error, done) {
      connection.close();
      done(error);
    },
  });
}
