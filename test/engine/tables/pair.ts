import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** For a case: a client and the server's end of it. */
export function withPair(
  work: (client: Socket, served: Socket) => unknown,
  options: { readonly allowHalfOpen?: boolean } = {},
): () => Promise<unknown> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vmssh-t-'));
    const server = createServer({ pauseOnConnect: true });
    const path = join(folder, 's');
    try {
      server.listen(path);
      await once(server, 'listening');
      const accepted = once(server, 'connection') as Promise<[Socket]>;
      const client = connect({ path, ...options });
      const [[served]] = await Promise.all([accepted, once(client, 'connect')]);
      served.on('error', () => {});
      return await work(client, served);
    } finally {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

/** All that comes, as text; `close`: and it is closed then, whatever else there is to write. */
export async function all(socket: Socket, close = true): Promise<string> {
  const parts: Uint8Array[] = [];
  if (close) for await (const part of socket as AsyncIterable<Uint8Array>) parts.push(part);
  else {
    socket.on('data', (part: Uint8Array) => parts.push(part));
    await once(socket, 'end');
  }
  return Buffer.concat(parts).toString();
}
