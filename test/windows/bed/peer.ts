import { createServer, type Socket } from 'node:net';
import { listening } from '../../helpers/sockets/servers.js';

/** A TCP server for the fake of hvsock to lead to; gone with the test. Resolves to its port. */
export async function startPeer(onConnection: (socket: Socket) => void, host = '127.0.0.1'): Promise<string> {
  return String(await listening(createServer({ allowHalfOpen: true }, onConnection), 0, host));
}

/** Sends back what it gets, and at the end of that a tail. */
export function echoWithTail(tail: Buffer): (socket: Socket) => void {
  return (socket) => {
    socket.on('data', (bytes) => {
      if (socket.write(bytes)) return;
      socket.pause();
      socket.once('drain', () => socket.resume());
    });
    socket.on('end', () => socket.end(tail));
  };
}
