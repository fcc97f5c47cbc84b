import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { debianFileName, debianPackage, debianSource } from '../../build/engine/debian-package.js';
import { lacks } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

/** A pool that is empty, and an archive of all times. */
describe.skipIf(lacks('apt-get', 'dpkg-deb'))('a package of Debian that the pool no longer has', () => {
  const dir = useTempDir();
  const asked: string[] = [];
  let file: Buffer;
  let pinned: Parameters<typeof debianPackage>[0];
  let answer: () => Buffer | undefined;
  const about = '/mr/package/some/1.0-1/srcfiles?fileinfo=1';
  let list: string;
  const server: Server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const body = url === about ? Buffer.from(list) : url === `/file/${pinned.sha1}` ? answer() : undefined;
    if (body === undefined) response.writeHead(404).end();
    else response.end(body);
  });

  beforeAll(async () => {
    const tree = join(dir, 'tree');
    mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
    chmodSync(join(tree, 'DEBIAN'), 0o755);
    writeFileSync(
      join(tree, 'DEBIAN/control'),
      'Package: some-src\nVersion: 1.0-1\nArchitecture: all\nMaintainer: Me <me@example.org>\nDescription: sources\n',
    );
    writeFileSync(join(tree, 'engine.c'), 'int main;\n');
    const deb = join(dir, 'some.deb');
    expect(await run(['dpkg-deb', '--build', tree, deb])).toMatchObject({ code: 0 });
    file = readFileSync(deb);
    const hash = (name: string) => createHash(name).update(file).digest('hex');
    pinned = { name: 'some-src', version: '1.0-1', suite: 'sid', sha256: hash('sha256'), sha1: hash('sha1') };
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void server.close());
  let cache: string;
  beforeEach(({ task }) => {
    asked.length = 0;
    cache = join(dir, task.id);
    answer = () => file;
  });
  const environment = (more: NodeJS.ProcessEnv = {}) => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const from = {
      VMSSH_TEST_MIRROR: `${url}/debian`,
      VMSSH_SNAPSHOT: url,
      no_proxy: '127.0.0.1',
    };
    return { ...process.env, XDG_CACHE_HOME: cache, ...from, ...more };
  };
  const get = (more?: NodeJS.ProcessEnv) => debianPackage(pinned, { env: environment(more) });

  it('comes from the snapshot archive by its hash, after the pool was asked, and is kept', async () => {
    const folder = await get();
    expect(readFileSync(join(folder, 'engine.c'), 'utf8')).toBe('int main;\n');
    expect(asked[0]).toMatch(/^\/debian\/dists\/sid\//);
    expect(asked.at(-1)).toBe(`/file/${pinned.sha1}`);
    expect(asked.filter((url) => url.startsWith('/file/'))).toHaveLength(1);
    asked.length = 0;
    expect(await get()).toBe(folder);
    expect(asked).toEqual([]);
  });

  it('comes from the sources of a release before anybody is asked', async () => {
    const sources = join(dir, 'sources');
    mkdirSync(sources);
    writeFileSync(join(sources, debianFileName(pinned)), file);
    expect(existsSync(join(await get({ VMSSH_SOURCES: sources }), 'engine.c'))).toBe(true);
    expect(asked).toEqual([]);
    // What is not the file that was pinned is passed over.
    writeFileSync(join(sources, debianFileName(pinned)), 'another');
    cache = `${cache}-2`;
    expect(existsSync(join(await get({ VMSSH_SOURCES: sources }), 'engine.c'))).toBe(true);
    expect(asked.at(-1)).toBe(`/file/${pinned.sha1}`);
  });

  it('comes from them also within the hour after a download that failed, which names them', async () => {
    answer = () => undefined;
    const limited = (more?: NodeJS.ProcessEnv) =>
      debianPackage(pinned, { env: environment(more), seconds: 60 });
    await expect(limited()).rejects.toThrow(
      /or set VMSSH_SOURCES to a folder with the sources of a release$/,
    );
    await expect(limited()).rejects.toThrow(/hour ago.*, or set VMSSH_SOURCES to a folder/);
    const sources = join(dir, 'late');
    mkdirSync(sources);
    writeFileSync(join(sources, debianFileName(pinned)), file);
    expect(existsSync(join(await limited({ VMSSH_SOURCES: sources }), 'engine.c'))).toBe(true);
  });

  it('is not asked for at an archive that nobody named', async () => {
    await expect(get({ VMSSH_SNAPSHOT: '' })).rejects.toThrow('; VMSSH_SNAPSHOT names no archive');
    expect(asked.filter((url) => url.startsWith('/file/'))).toEqual([]);
  });

  it('has what it was made of there too, by its version', async () => {
    const name = 'some_1.0.orig.tar.gz';
    const { sha256, sha1 = '' } = pinned;
    const source = { name, sha256, source: 'some', version: '1.0-1' };
    const [work, pool] = [join(dir, 'work'), `/debian/pool/main/s/some/${name}`];
    mkdirSync(work);
    const bring = () => debianSource(source, work, { env: environment() });
    list = JSON.stringify({ fileinfo: { [sha1]: [{ name: 'some_1.0-1.dsc' }] } });
    await expect(bring()).rejects.toThrow(/some_1\.0\.orig.* 404.*; .* does not name some_1\.0\.orig/);
    list = JSON.stringify({ fileinfo: { '00': [{ name: 'other' }], [sha1]: [{ name: 'x' }, { name }] } });
    asked.length = 0;
    expect(readFileSync(await bring())).toEqual(file);
    expect(asked).toEqual([pool, about, `/file/${sha1}`]);
    asked.length = 0;
    expect(readFileSync(await bring())).toEqual(file);
    expect(asked).toEqual([]);
  });

  it.each([
    { name: 'another file', body: () => Buffer.from('another'), says: /\/file\/\w+: .*Hash Sum mismatch/ },
    { name: 'nothing', body: () => undefined, says: /\/file\/\w+: .* 404/ },
  ])('is not taken if the archive has $name: then what each said is the error', async ({ body, says }) => {
    answer = body;
    await expect(get()).rejects.toThrow(says);
    await expect(get()).rejects.toThrow(/^apt-get .*; /);
    expect(readdirSync(join(cache, 'vmssh-build'))).toEqual(['some-src.failed']);
  });
});
