import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** How a server or a proxy between can go wrong: each answers in place of the file. */
const faults = {
  page: (response: ServerResponse) => response.end('<html>\n\n<p>Log in to use this network.</p>\n</html>\n'),
  cut: (response: ServerResponse, file: Buffer) => {
    response.writeHead(200, { 'content-length': file.length });
    response.write(file.subarray(0, file.length / 2), () => response.destroy());
  },
  loop: (response: ServerResponse, _: Buffer, url: string) =>
    response.writeHead(302, { location: url }).end(),
  silent: (response: ServerResponse) => response.writeHead(200, { 'content-length': 1000 }).flushHeaders(),
  endless: (response: ServerResponse) => {
    const piece = Buffer.alloc(65_536);
    const more = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on('drain', more);
    more();
  },
};

export type Fault = keyof typeof faults;

/**
 * Serves a folder on loopback. Below "/.FAULT/" each file is answered as that fault has it, below "/.FAULT-key/" only vmssh.asc. The server emits
 * "fault" after each.
 */
export async function startSite(root: string): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer(({ url = '' }, response) => {
    const [, fault, onlyKey, path = url] = /^\/\.(\w+)(-key)?(\/.*)$/.exec(url) ?? [];
    const file = join(root, path);
    if (!existsSync(file)) return void response.writeHead(404).end();
    const content = readFileSync(file);
    const isFault = fault !== undefined && (!onlyKey || path === '/vmssh.asc');
    if (!isFault) return void response.end(content);
    faults[fault as Fault](response, content, url);
    server.emit('fault');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
