import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * Has a server listen for this test, at a path or a port of `host` (0: a free one); resolves to the port. Its connections end with the test,
 * and may break.
 */
export async function listening(
  server: Server,
  at: string | number = 0,
  host = '127.0.0.1',
): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => {})));
  await once(typeof at === 'string' ? server.listen(at) : server.listen(at, host), 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return typeof at === 'string' ? 0 : (server.address() as AddressInfo).port;
}

export async function freePort(host = '127.0.0.1'): Promise<number> {
  const free = createServer().listen(0, host);
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  return port;
}

/** Writes it again and again, for as long as somebody reads. */
export function endlessly(socket: Socket, part: string): void {
  socket.write(part, (error) => error ?? endlessly(socket, part));
}
