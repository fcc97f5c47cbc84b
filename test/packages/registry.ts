import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { run } from '../helpers/run.js';

/**
 * A registry on loopback that has the npm packages of these folders; for others it leads to the one that npm uses here. Returns it and
 * its address.
 */
export async function startRegistry(
  folders: readonly string[],
): Promise<{ readonly server: Server; readonly url: string }> {
  const { stdout } = await run(['npm', 'config', 'get', 'registry']);
  const elsewhere = stdout.trim().replace(/\/$/, '');
  const files = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.tgz'))
      .map((name) => join(folder, name)),
  );
  const manifests = await Promise.all(files.map(manifestOf));
  // An emulated npm is slow: a connection that it will use again is not to be closed meanwhile.
  const server = createServer({ keepAliveTimeout: 0 }, ({ url = '/', headers }, response) => {
    const file = files.find((each) => url === `/files/${basename(each)}`);
    if (file) return void response.end(readFileSync(file));
    const own = manifests.filter(({ name }) => url === `/${name}`);
    if (own.length === 0) return void response.writeHead(302, { location: elsewhere + url }).end();
    const versions = own.map(({ file, ...manifest }) => {
      const integrity = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
      const tarball = `http://${headers.host}/files/${basename(file)}`;
      return [manifest.version, { ...manifest, dist: { integrity, tarball } }] as const;
    });
    const latest = versions.at(-1)?.[0];
    response.end(
      JSON.stringify({
        name: own[0]?.name,
        'dist-tags': { latest },
        versions: Object.fromEntries(versions),
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly file: string;
}

async function manifestOf(file: string): Promise<Manifest> {
  const { stdout } = await run(['tar', '-xOzf', file, 'package/package.json']);
  return { ...JSON.parse(stdout), file };
}
