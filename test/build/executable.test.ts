import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageMark } from '../../build/engine/chunks.js';
import { hasMusl } from '../../build/engine/musl.js';
import { ownTarget } from '../../build/engine/toolchains.js';
import { buildExecutable } from '../../build/executable.js';
import { missingExecutable } from '../helpers/addon.js';
import { lacks, missingPrograms } from '../helpers/programs.js';
import { dist, run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();

describe('building the executable', () => {
  it('says what is missing without a compiler', async () => {
    const empty = join(dir, 'empty');
    mkdirSync(empty);
    const result = await buildExecutable({ folder: join(dir, 'out'), env: { PATH: empty } });
    expect(result).toEqual({ built: false, reason: 'no gcc and no g++; apt-get install g++' });
    expect(existsSync(join(dir, 'out'))).toBe(false);
  });

  const missing = missingPrograms({ gcc: 'gcc', 'g++': 'g++', 'apt-get': 'apt', 'dpkg-deb': 'dpkg' });
  describe.skipIf(missing)('without an archive', () => {
    let asked = 0;
    let answer = (): number | undefined => 404;
    const server: Server = createServer((_, response) => {
      asked += 1;
      const code = answer();
      if (code !== undefined) response.writeHead(code).end();
    });
    beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
    afterAll(() => void server.close());
    const build = (cache: string, seconds: number) => {
      const { port } = server.address() as AddressInfo;
      const env = {
        ...process.env,
        XDG_CACHE_HOME: join(dir, cache),
        no_proxy: '127.0.0.1',
        VMSSH_TEST_MIRROR: `http://127.0.0.1:${port}/debian`,
        VMSSH_SNAPSHOT: `http://127.0.0.1:${port}`,
      };
      return buildExecutable({ folder: join(dir, 'out'), seconds, env });
    };

    it('says so, and does not ask again for an hour', async () => {
      expect(await build('refused', 20)).toEqual({
        built: false,
        reason: expect.stringMatching(/^no sources of QuickJS-ng: apt-get .+/),
      });
      expect(asked).toBeGreaterThan(0);
      const before = asked;
      expect(await build('refused', 20)).toEqual({
        built: false,
        reason: expect.stringMatching(
          /less than an hour ago; npm run build:exe tries it again, or set VMSSH_SOURCES/,
        ),
      });
      expect(asked).toBe(before);
    });

    it('gives up on a mirror that never answers', async () => {
      answer = () => undefined;
      expect(await build('silent', 1)).toEqual({
        built: false,
        reason: expect.stringMatching(/it took too long; .*VMSSH_SOURCES/),
      });
    });
  });
});

describe.skipIf(missingExecutable())('the executable that was built', () => {
  // Its stamp has the commit.
  it.skipIf(lacks('git'))('is not built again', async () => {
    const { mtimeMs } = statSync(dist('linux-x64/vmssh'));
    expect(await buildExecutable()).toEqual({ built: true, upToDate: true });
    expect(statSync(dist('linux-x64/vmssh')).mtimeMs).toBe(mtimeMs);
  });

  it.skipIf(lacks('strace'))('maps memory a few times for a login, not for each text', async () => {
    const traced = ['strace', '-f', '-e', 'trace=mmap', dist('linux-x64/vmssh')];
    const { stderr } = await run([...traced, 'proxy', `unix${dir}/nobody`, '22']);
    expect(stderr).toContain('no socket at');
    expect(stderr.match(/ mmap\(|^mmap\(/gm)?.length).toBeLessThan(10);
  });

  it('has an image of few pointers, since each start changes all of them', () => {
    const file = readFileSync(dist('linux-x64/vmssh'));
    // As image.js writes it: after three numbers two lists of runs, each of which ends with a run of none.
    let at = file.indexOf(imageMark) + imageMark.length + 3 * 8;
    let [pointers, lists] = [0, 0];
    while (lists < 2) {
      const count = file.readUInt32LE(at + 4);
      at += 8 + Math.ceil(count / 4) * 4;
      pointers += count;
      if (count === 0) lists++;
    }
    expect(pointers).toBeGreaterThan(10_000);
    expect(pointers).toBeLessThan(50_000);
  });

  it.skipIf(missingPrograms({ readelf: 'binutils' }))('needs no library, and is hardened', async () => {
    const { stdout } = await run(['readelf', '-hldW', dist('linux-x64/vmssh')]);
    expect(stdout).not.toMatch(/INTERP|NEEDED/);
    expect(stdout).toMatch(/Type: +DYN/);
    expect(stdout).toMatch(/FLAGS_1\).* NOW PIE/);
    expect(stdout).toMatch(/GNU_RELRO .* R /);
    expect(stdout).toMatch(/GNU_STACK .* RW /);
  });

  it('is what ssh calls, also if Node writes the Hosts', async () => {
    const { stdout } = await run([process.execPath, dist('vmssh.js'), 'config', 'print']);
    expect(stdout).toContain(` ${dist('linux-x64/vmssh')} proxy --fdpass `);
  });

  it('makes a package of at most 2 MB, or 2.5 if it is linked to glibc', async () => {
    const { code, stdout } = await run([
      process.execPath,
      'build/deb.js',
      dist('linux-x64'),
      join(dir, 'deb'),
    ]);
    expect(code).toBe(0);
    expect(statSync(stdout.trim()).size).toBeLessThan(hasMusl(ownTarget) ? 2_000_000 : 2_500_000);
  });
});
