import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lacks } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

describe.skipIf(lacks('ssh'))('a guest that its target does not lead to', () => {
  const dir = useTempDir();
  const server = createServer((socket) => socket.resume().end());
  beforeAll(() => new Promise<void>((resolve) => server.listen(join(dir, 'shut'), resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it.each([
    ['check', 'nonexist', 1, 'no socket at DIR/nonexist (ENOENT)\nhint: '],
    ['install', 'nonexist', 1, 'no socket at DIR/nonexist (ENOENT)\nhint: '],
    ['check', 'shut', 3, 'the connection was closed before a banner came\nhint: '],
  ])('guest $0 says what vmssh itself found: $1', async (command, path, code, says) => {
    const target = `unix${join(dir, path)}`;
    const result = await run([...vmssh, 'guest', command, `root@${target}`]);
    expect(result).toMatchObject({ code, stderr: expect.stringContaining(says.replace('DIR', dir)) });
    expect(result.stderr).not.toContain('kex_exchange_identification');
  });

  it("shows ssh's own reason if the target is not to blame", async () => {
    writeFileSync(join(dir, 'config'), 'NoSuchKeyword yes\n');
    const args = ['--by=ssh', '--ssh-config', join(dir, 'config'), 'host'];
    const result = await run([...vmssh, 'guest', 'check', ...args]);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringMatching(/did not run there: .*config/) });
  });
});
