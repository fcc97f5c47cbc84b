import { createReadStream, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

/**
 * A web server on loopback for static files. "/.serve/NAME" has it serve the folder of that name from then on, so that a user sees one release after
 * the other at one address. `folders` may get more later.
 */
export async function startServer(
  folders: ReadonlyMap<string, string>,
): Promise<{ readonly server: Server; readonly url: string }> {
  let now = '';
  const server = createServer(({ url = '/' }, response) => {
    const path = normalize(decodeURIComponent(url));
    const asked = path.startsWith('/.serve/') ? folders.get(path.slice('/.serve/'.length)) : undefined;
    if (asked !== undefined) {
      now = asked;
      return void response.end();
    }
    const file = join(now, path);
    const found = now === '' ? undefined : statSync(file, { throwIfNoEntry: false });
    if (!found?.isFile()) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-length': found.size });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
