import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** A temp folder with servers on unix sockets in it; `stop` ends them and removes it. */
export class SocketFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'vmssh-'));
  readonly #sockets = new Set<Socket>();
  readonly #servers: Server[] = [];

  /** Listens at a name in the folder; resolves to the path. Sockets half-close by `end`. */
  async listen(serve: (socket: Socket) => void, name = 's'): Promise<string> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      serve(socket);
    });
    this.#servers.push(server);
    const path = this.at(name);
    server.listen(path);
    await once(server, 'listening');
    return path;
  }

  /** Leaves a socket that nobody listens at, as a server that was killed does. */
  async abandon(name = 'abandoned'): Promise<string> {
    const server = createServer().listen(this.at('tmp'));
    await once(server, 'listening');
    // The server removes the name it knows.
    renameSync(this.at('tmp'), this.at(name));
    server.close();
    await once(server, 'close');
    return this.at(name);
  }

  at(name: string): string {
    return join(this.path, name);
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) server.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** For each test of this block a folder of its own. */
export function useSocketFolder(): SocketFolder {
  let folder: SocketFolder;
  beforeEach(() => {
    folder = new SocketFolder();
  });
  afterEach(() => folder.stop());
  return new Proxy({} as SocketFolder, {
    get: (_, name) => {
      const value = Reflect.get(folder, name);
      return typeof value === 'function' ? value.bind(folder) : value;
    },
  });
}

/** A promise and its resolve function, like Promise.withResolvers of later Nodes. */
export function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
