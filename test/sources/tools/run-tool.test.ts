import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runTool, runToolForBytes } from '../../../src/sources/tools/run-tool.js';
import { lifeline } from '../../helpers/lifeline.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const late = expect.objectContaining({ name: 'DiscoveryError', code: 'TIMEOUT' });

it('a tool is found on a Mac where Homebrew has put it, after the folders of PATH', async () => {
  const path = (platform: NodeJS.Platform) =>
    runTool('/bin/sh', ['-c', 'echo "$PATH"'], { env: { PATH: '/usr/bin:/usr/local/bin' }, platform });
  expect(await path('linux')).toBe('/usr/bin:/usr/local/bin\n');
  expect(await path('darwin')).toBe(
    '/usr/bin:/usr/local/bin:/opt/homebrew/bin:/opt/podman/bin:/opt/local/bin\n',
  );
});

describe('a tool that is a script', () => {
  it('is given up at its limit, whoever holds its output', async () => {
    const asked = runTool('sh', ['-c', 'sleep 1000; echo'], { env: process.env, timeoutMs: 300 });
    await expect(asked).rejects.toEqual(late);
  });

  it('is ended with all that it started', async () => {
    const { hold, started, gone } = lifeline(join(dir, 'all'));
    const limit = new AbortController();
    const asked = runTool('sh', ['-c', `${hold}; sleep 1000; echo`], {
      env: process.env,
      signal: limit.signal,
    });
    await started;
    limit.abort();
    await expect(asked).rejects.toEqual(late);
    await gone;
  });

  it('that prints without end is killed, and that is reported', async () => {
    await expect(runTool('yes', [], { env: process.env })).rejects.toMatchObject({
      name: 'DiscoveryError',
      code: 'PROTOCOL',
      message: 'yes: it printed more than 16 MiB',
    });
  });

  it('has answered once it ended, even if a child holds its output', async () => {
    const { hold, gone } = lifeline(join(dir, 'child'));
    const script = `${hold}; sleep 1000 & echo $!; printf x`;
    const pid = Number.parseInt(await runTool('sh', ['-c', script], { env: process.env }), 10);
    // What a tool that ended well leaves running is its own business, such as a daemon.
    process.kill(pid, 'SIGTERM');
    await gone;
  });
});

it.each([
  { name: 'UTF-16 on stdout', script: "printf 'n\\0o\\0t\\0 \\0\\374\\0'; exit 1", says: 'not \u00fc' },
  { name: 'UTF-8 on stderr', script: "echo before; printf 'not \\303\\274' >&2; exit 1", says: 'not \u00fc' },
])('the message of a program of Windows is read as $name', async ({ script, says }) => {
  const asked = runToolForBytes('/bin/sh', ['-c', script], { env: process.env });
  await expect(asked).rejects.toMatchObject({ code: 'FAILED', message: `/bin/sh: ${says}` });
});

it("the message of kubectl is what comes after its log, or else the log's last line", async () => {
  const line = (time: number) =>
    `E1126 21:06:41.${time}   12115 memcache.go:265] "Unhandled Error" err="${'long '.repeat(99)}"`;
  const says = 'The connection to the server localhost:8080 was refused';
  const ofKubectl = (...lines: string[]) =>
    runTool('sh', ['-c', 'printf %s\\\\n "$@" >&2; exit 1', 'sh', ...lines], { env: process.env });
  await expect(ofKubectl(line(1), line(2), says)).rejects.toMatchObject({ message: `sh: ${says}` });
  await expect(ofKubectl(line(1), line(2))).rejects.toMatchObject({
    message: `sh: ${line(2).slice(0, 500)}`,
  });
});
