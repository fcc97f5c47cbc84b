import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { exitCodeOf, type NoBannerReason } from '../../src/base/errors.js';
import type { Connection } from '../../src/connect/connection.js';
import { openConnection } from '../../src/connect/open.js';
import { suspects } from '../../src/guest/failures.js';
import { awaitBanner, type BannerScan, bannerLimit, scanBanner } from '../../src/ssh/banner.js';
import { openers, unix } from '../connect/openers.js';
import { useSocketFolder } from '../connect/socket-folder.js';
import { listening } from '../helpers/sockets/servers.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const openssh = 'SSH-2.0-OpenSSH_9.2p1 Debian-2';

describe('scanBanner', () => {
  it.each([
    ['a banner', '', openssh, '\r\n', ''],
    ['a banner that ends in only a line feed', '', openssh, '\n', ''],
    ['a banner followed by the key exchange', '', openssh, '\r\n', '\0\0\x05'],
    ['one of 1.99', '', 'SSH-1.99-old', '\n', ''],
    ['the shortest', '', 'SSH-2.0-', '\n', ''],
    ['lines before it', 'Welcome\r\n\r\nOK 1024\n', openssh, '\r\n', ''],
    ['a line that mentions SSH-2.0-', ' SSH-2.0-x\nxSSH-2.0-\n', openssh, '\n', ''],
    ['a long line before it', `${'x'.repeat(2000)}\n`, openssh, '\r\n', ''],
    ['bytes over ASCII', '\xe9\n', 'SSH-2.0-\xe9', '\n', '\xff'],
    ['255 bytes with CR LF', '', `SSH-2.0-${'x'.repeat(245)}`, '\r\n', ''],
    ['255 bytes with LF', '', `SSH-2.0-${'x'.repeat(246)}`, '\n', ''],
  ])('finds $0, at its last byte and not before', (_name, before, line, end, after) => {
    const length = before.length + line.length + end.length;
    const all = bytes(before + line + end + after);
    for (let at = 0; at < length; at++) expect(scanBanner(all.subarray(0, at))).toEqual({ state: 'more' });
    for (let at = length; at <= all.length; at++) {
      expect(scanBanner(all.subarray(0, at))).toEqual({ state: 'found', banner: line, length });
    }
  });

  const over = 'its banner is over 255 bytes';
  const broken = 'its banner has a zero byte or a carriage return in it';
  it.each([
    { name: 'version 1.5', input: 'SSH-1.5-old\r\n', want: 'it speaks another version of SSH: SSH-1.5-old' },
    { name: 'version 3', input: 'SSH-3.0-new\n', want: 'it speaks another version of SSH: SSH-3.0-new' },
    { name: 'no version', input: 'SSH-\n', want: 'it speaks another version of SSH: SSH-' },
    { name: '2.0 without the dash', input: 'SSH-2.0\n', want: 'it speaks another version of SSH: SSH-2.0' },
    { name: '256 bytes with CR LF', input: `SSH-2.0-${'x'.repeat(246)}\r\n`, want: over },
    { name: '255 bytes without an end', input: `SSH-2.0-${'x'.repeat(247)}`, want: over },
    { name: 'a zero byte in it', input: 'SSH-2.0-a\0b\r\n', want: broken },
    { name: 'a carriage return in it', input: 'SSH-2.0-a\rb\r\n', want: broken },
    { name: 'binary data', input: '\x16\x03\x01\0\xa5', want: 'it sent binary data' },
    { name: 'binary data in a later line', input: 'hello\n\0', want: 'it sent binary data' },
  ])('refuses $name, and keeps refusing it', ({ input, want }) => {
    const refused: BannerScan = { state: 'not-ssh', reason: want };
    const scans = Array.from(input, (_, at) => scanBanner(bytes(input.slice(0, at + 1))));
    const first = scans.findIndex(({ state }) => state === 'not-ssh');
    expect(scans.slice(0, first).every(({ state }) => state === 'more')).toBe(true);
    expect(scans.slice(first)).toEqual(scans.slice(first).map(() => refused));
    expect(scanBanner(bytes(`${input}${openssh}\r\n`))).toEqual(refused);
  });

  const lines = (length: number) => 'x\n'.repeat(length / 2);
  it.each([
    { name: 'one line', input: 'x'.repeat(bannerLimit) },
    { name: 'lines that end there', input: lines(bannerLimit) },
    { name: 'lines and the start of a banner', input: `${lines(bannerLimit - 4)}SSH-` },
  ])('reads up to the limit and not further: $name', ({ input }) => {
    expect(scanBanner(bytes(input.slice(0, -1)))).toEqual({ state: 'more' });
    const reason = 'no banner in 16384 bytes';
    expect(scanBanner(bytes(input))).toEqual({ state: 'not-ssh', reason });
  });

  it('finds a banner that ends at the limit', () => {
    const input = `${lines(bannerLimit - openssh.length - 2)}${openssh}\r\n`;
    expect(scanBanner(bytes(input))).toEqual({ state: 'found', banner: openssh, length: bannerLimit });
  });
});

const enough = 20_000;
const banner = 'SSH-2.0-guest';

describe.each(openers)('awaitBanner over a socket opened $how', ({ skip, native }) => {
  const folder = useSocketFolder();
  let connection: Connection | undefined;
  afterEach(() => connection?.close());

  async function open(serve: (peer: Socket) => void): Promise<Connection> {
    const path = await folder.listen(serve);
    connection = await openConnection(unix(path), { timeoutMs: enough }, native);
    return connection;
  }

  const refusal = (reason: NoBannerReason, problem: unknown, hint: unknown = undefined) => ({
    name: 'ConnectError',
    op: 'handshake',
    code: 'NO_BANNER',
    target: expect.stringMatching(/^unix:\//),
    reason,
    problem,
    hint,
  });

  it.skipIf(skip)('gives the banner and leaves every byte', async () => {
    const from = await open((peer) => peer.end(`hello\r\n${banner}\r\nmore`));
    expect(await awaitBanner(from, enough)).toBe(banner);
    expect(await awaitBanner(from, enough)).toBe(banner);
    const bytes: Uint8Array[] = [];
    for (let piece = await from.read(7); piece.length > 0; piece = await from.read(7)) bytes.push(piece);
    expect(Buffer.concat(bytes).toString()).toBe(`hello\r\n${banner}\r\nmore`);
  });

  it.skipIf(skip)('puts it together byte by byte', async () => {
    const from = await open(async (peer) => {
      for (const byte of `hello\n${banner}\r\n`) {
        await new Promise((resolve) => peer.write(byte, resolve));
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    expect(await awaitBanner(from, enough)).toBe(banner);
  });

  it.skipIf(skip)('recognizes a web server, which waits for a request', async () => {
    const path = join(folder.path, 'web');
    await listening(createServer(), path);
    connection = await openConnection(unix(path), { timeoutMs: enough }, native);
    const problem = 'something answers, but it is not an SSH server: it says "HTTP/1.1 400 Bad Request"';
    await expect(awaitBanner(connection, 2000)).rejects.toMatchObject(refusal('not-ssh', problem));
  });

  it.skipIf(skip)('is recognized by its text', async () => {
    const from = await open((peer) => peer.write('HTTP/1.1 408 Request Timeout\r\n'));
    const problem = 'something answers, but it is a web server: HTTP/1.1 408 Request Timeout';
    await expect(awaitBanner(from, enough)).rejects.toMatchObject(refusal('not-ssh', problem));
  });

  it.skipIf(skip).each([
    { start: '', says: '' },
    { start: 'SSH-2.0-gu', says: '' },
    {
      start: 'Missing privilege separation directory: /run/sshd\r\n',
      says: ': it says "Missing privilege separation directory: /run/sshd"',
    },
    {
      start: 'Not allowed at this time\r\n',
      says: ': it says "Not allowed at this time"',
      hint: /^after logins that failed .*: wait, ten minutes at most/,
    },
    {
      start: 'Exceeded MaxStartups\r\n',
      says: ': it says "Exceeded MaxStartups"',
      hint: /^too many logins were begun there at once/,
    },
    { start: 'constructor\r\n', says: ': it says "constructor"' },
  ])('reports a close after $start', async ({ start, says, hint = /journalctl/ }) => {
    const from = await open((peer) => peer.end(start));
    const failure = await awaitBanner(from, enough).catch((error) => error);
    const problem = `the connection was closed before a banner came${says}`;
    expect(failure).toMatchObject(refusal('closed', problem, expect.stringMatching(hint)));
    expect(exitCodeOf(failure)).toBe(3);
  });

  it.skipIf(skip)(
    'of a port of this host, which is open while the machine is on, has another hint',
    async () => {
      const port = await listening(createServer().on('connection', (peer) => peer.destroy()));
      const endpoint = { family: 'tcp', host: '127.0.0.1', port } as const;
      connection = await openConnection(endpoint, { timeoutMs: enough }, native);
      const hint = expect.stringMatching(/^this port is open while the machine is on/);
      await expect(awaitBanner(connection, enough)).rejects.toMatchObject({ reason: 'closed', hint });
    },
  );

  it.skipIf(skip).each(['', 'SSH-2.0-gu', 'Welcome\r\n'])('reports silence after %j', async (start) => {
    const from = await open((peer) => peer.write(start));
    const problem = 'connected, but no SSH banner came in 0.05 s';
    const hint = expect.stringContaining('Accept=yes');
    await expect(awaitBanner(from, 50.000_25)).rejects.toMatchObject(refusal('silent', problem, hint));
  });

  it.skipIf(skip)('of a machine behind a multiplexer that gave no answer says that it hangs', async () => {
    const from = Object.assign(await open(() => {}), { isUnanswered: true });
    const problem = 'the machine takes no connection: it hangs, or boots';
    const hint = expect.stringMatching(/^use --wait while it boots/);
    await expect(awaitBanner(from, 50)).rejects.toMatchObject(refusal('unanswered', problem, hint));
  });

  it.skipIf(skip).each([
    ['binary data', '\x16\x03\x01\0', 'it sent binary data'],
    ['an old version', 'SSH-1.5-x\x1b\n', 'it speaks another version of SSH: SSH-1.5-x\x1b'],
    ['too many lines', 'x\n'.repeat(bannerLimit), 'no banner in 16384 bytes'],
    [
      'a banner that starts too late',
      `${'x\n'.repeat(bannerLimit / 2 - 2)}SSH-2.0-x\r\n`,
      'no banner in 16384 bytes',
    ],
  ])('reports $0', async (_name, bytes, why) => {
    const from = await open((peer) => peer.write(bytes));
    const failure = awaitBanner(from, enough);
    await expect(failure).rejects.toMatchObject(refusal('not-ssh', `something answers, but ${why}`));
    await expect(failure).rejects.toMatchObject({ message: expect.stringMatching(/^\P{Cc}*$/u) });
  });

  it.skipIf(skip).each(['SSH-1.5-closed\n', 'SSH-1.5-no SSH banner came\n', 'SSH-1.5-broke\n'])(
    'does not take %j for a sign of a fault in the guest',
    async (start) => {
      const from = await open((peer) => peer.end(start));
      const failure = await awaitBanner(from, enough).catch((error) => error);
      expect(failure).toMatchObject({ reason: 'not-ssh' });
      expect(suspects(failure, 'vsock')).toEqual([]);
    },
  );

  it.skipIf(skip)('ends on an abort', async () => {
    const abort = new AbortController();
    const from = await open(() => setImmediate(() => abort.abort()));
    const failure = await awaitBanner(from, enough, abort.signal).catch((error) => error);
    expect(failure).toMatchObject({
      op: 'handshake',
      code: 'INTERRUPTED',
      target: expect.stringMatching(/^unix:\//),
    });
    expect(exitCodeOf(failure)).toBe(130);
  });

  it.skipIf(skip)('does not start after an abort', async () => {
    const from = await open(() => {});
    const waiting = awaitBanner(from, enough, AbortSignal.abort());
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

it('a silent server is asked within the time', async () => {
  let clock = 1000;
  const uptime = vi.spyOn(process, 'uptime').mockImplementation(() => clock / 1000);
  onTestFinished(() => uptime.mockRestore());
  const silent = {
    endpoint: unix('/run/x.sock'),
    write: async () => {},
    async peek(_known: number, _max: number, timeoutMs: number) {
      clock += timeoutMs;
      return new Uint8Array();
    },
  };
  const waiting = awaitBanner(silent as unknown as Connection, 2000);
  await expect(waiting).rejects.toMatchObject({ reason: 'silent' });
  expect(clock).toBeCloseTo(3000);
});
