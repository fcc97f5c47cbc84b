import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** HTTP services on unix sockets in `dir`, by name, with one answer to each path; undefined: it never answers. */
export function useJsonServices(
  dir: string,
): (name: string, answers: Readonly<Record<string, string | undefined>>) => Promise<string> {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close().closeAllConnections();
  });
  return async (name, answers) => {
    const path = join(dir, name);
    const server = createServer((request, response) => {
      const answer = answers[request.url ?? ''];
      if (request.url !== undefined && request.url in answers && answer === undefined) return;
      response.writeHead(answer === undefined ? 404 : 200).end(answer);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return path;
  };
}
