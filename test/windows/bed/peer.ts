import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A TCP server for the fake of hvsock to lead to; gone with the test. Resolves to its port. */
export async function startPeer(onConnection: (socket: Socket) => void, host = '127.0.0.1'): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return String((server.address() as AddressInfo).port);
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
