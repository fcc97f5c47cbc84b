import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { call, encodeFrame, FrameReader, VarlinkError } from '../../../src/sources/machined/varlink.js';
import { listing, recorded, says, usePeerFolder, wire } from './varlink-peer.js';

const method = 'io.systemd.Machine.List';
const limits = { frameBytes: 1 << 20, totalBytes: 16 << 20, replies: 4096 };
const folder = usePeerFolder();

describe('call', () => {
  it('sends one request and gives the parameters of the one reply', async () => {
    const peer = await folder.listen('s', says(recorded('systemd257-list-one')));
    const replies = await call(peer.path, method, { name: 'fakevm' });
    expect(replies).toMatchObject([{ name: 'fakevm', vSockCid: 42 }]);
    expect(peer.requests).toEqual([{ method, parameters: { name: 'fakevm' } }]);
    await peer.hungUp;
  });

  it('asks for more and gives all replies', async () => {
    const machines = Array.from({ length: 200 }, (_, at) => ({
      name: `m${at}`,
      class: 'vm',
      vSockCid: at + 3,
    }));
    const peer = await folder.listen('s', says(listing(machines)));
    expect(await call(peer.path, method, {}, { more: true })).toEqual(machines);
    expect(peer.requests).toEqual([{ method, parameters: {}, more: true }]);
    await peer.hungUp;
  });

  it('puts a reply together that comes byte by byte', async () => {
    const bytes = recorded('systemd257-list-all');
    const peer = await folder.listen('s', async (_request, socket) => {
      for (const byte of bytes) await write(socket, Uint8Array.of(byte));
    });
    const want = [{ name: 'fakevm' }, { name: '.host' }];
    expect(await call(peer.path, method, {}, { more: true })).toMatchObject(want);
  });

  it.each([
    { name: 'absent', input: {} },
    { name: 'null', input: { parameters: null, error: null, continues: null } },
    { name: 'unknown ones too', input: { parameters: {}, newer: 1 } },
  ])('takes a reply whose fields are $name', async ({ input }) => {
    const peer = await folder.listen('s', says(wire(input)));
    expect(await call(peer.path, method, {})).toEqual([{}]);
  });

  it('looks at nothing after the last reply', async () => {
    const peer = await folder.listen('s', says(Buffer.from('{}\0rubbish\0')));
    expect(await call(peer.path, method, {})).toEqual([{}]);
  });

  it.each([
    ['systemd257-no-such-machine', 'io.systemd.Machine.NoSuchMachine', {}],
    ['systemd257-expected-more', 'org.varlink.service.ExpectedMore', {}],
    ['systemd257-system-error', 'io.systemd.System', { errno: 17 }],
    ['systemd257-no-private-networking', 'io.systemd.Machine.NoPrivateNetworking', {}],
  ])("rejects with the service's error: $0", async (name, code, parameters) => {
    const peer = await folder.listen('s', says(recorded(name)));
    const error = await failure(call(peer.path, method, {}));
    expect(error).toMatchObject({ code, parameters });
    await peer.hungUp;
  });

  it.each([
    { name: 'parameters of a wrong type', input: wire({ parameters: 'x' }) },
    { name: 'an error of a wrong type', input: wire({ error: 5 }) },
    { name: 'an error that passes for a code of ours', input: wire({ error: 'TIMEOUT' }) },
    { name: 'an error with a line break', input: wire({ error: 'a.b\nc.d' }) },
    { name: 'more replies than were asked for', input: wire({ continues: true }) },
    { name: 'no JSON', input: Buffer.from('HTTP/1.1 400 Bad Request\r\n\0') },
  ])('refuses $name', async ({ input }) => {
    const peer = await folder.listen('s', says(input));
    const want = { code: 'PROTOCOL', parameters: undefined };
    expect(await failure(call(peer.path, method, {}))).toMatchObject(want);
    await peer.hungUp;
  });

  it('refuses a frame of 100 MiB after the first of them', async () => {
    const mebibyte = Buffer.alloc(1 << 20, 'x');
    let taken = 0;
    const peer = await folder.listen('s', async (_request, socket) => {
      for (; taken < 100 && socket.writable; taken++) await write(socket, mebibyte);
    });
    const error = await failure(call(peer.path, method, {}));
    const problem = expect.stringContaining('more than 1048576 bytes');
    expect(error).toMatchObject({ code: 'PROTOCOL', problem });
    await peer.hungUp;
    // What it read, and what the two socket buffers hold.
    expect(taken).toBeLessThan(4);
  });

  it('refuses replies without end', async () => {
    const many = listing(Array.from({ length: 6 }, () => ({})));
    const peer = await folder.listen('s', says(many));
    const options = { more: true, limits: { ...limits, replies: 6 } };
    expect(await call(peer.path, method, {}, options)).toHaveLength(6);
    const problemOf = async (less: Partial<typeof limits>) =>
      (await failure(call(peer.path, method, {}, { more: true, limits: { ...limits, ...less } }))).problem;
    expect(await problemOf({ replies: 5 })).toBe('the peer sends more than 5 replies');
    const totalBytes = many.length - 1;
    expect(await problemOf({ totalBytes })).toBe(`the peer sends more than ${totalBytes} bytes`);
  });

  it.each([
    { name: 'without an answer', input: '', code: 'ECONNRESET' },
    { name: 'amid a reply', input: '{"parameters":' },
    { name: 'before the last reply', input: '{"continues":true}\0' },
  ])('rejects when the peer closes $name', async ({ input, code = 'PROTOCOL' }) => {
    const peer = await folder.listen('s', (_request, socket) => socket.end(input));
    const error = await failure(call(peer.path, method, {}, { more: true }));
    const problem = expect.stringContaining('closed the connection');
    expect(error).toMatchObject({ code, problem });
  });

  it('rejects when the peer closes without reading the request', async () => {
    const nothing = () => {};
    const peer = await folder.listen('s', nothing, (socket) => socket.destroy());
    const error = await failure(call(peer.path, method, {}));
    // Which of them depends on whether the request was already sent.
    expect(error.code).toMatch(/^(EPIPE|ECONNRESET)$/);
  });

  it('rejects when the peer says nothing until the deadline', async () => {
    const peer = await folder.listen('s', () => {});
    const error = await failure(call(peer.path, method, {}, { timeoutMs: 20 }));
    expect(error).toMatchObject({ code: 'TIMEOUT', problem: 'no answer within 20 ms' });
    await peer.hungUp;
  });

  it("rejects with the signal's reason when it is aborted while waiting", async () => {
    const abort = new AbortController();
    const peer = await folder.listen('s', () => abort.abort('enough'));
    await expect(call(peer.path, method, {}, { signal: abort.signal })).rejects.toBe('enough');
    await peer.hungUp;
  });

  it('does not connect when the signal was aborted before', async () => {
    const connect = () => expect.unreachable();
    const signal = AbortSignal.abort('enough');
    await expect(call('/s', method, {}, { signal }, connect)).rejects.toBe('enough');
  });

  it('rejects with ENOENT if nothing is there, ECONNREFUSED if nobody listens', async () => {
    expect(await failure(call(`${folder.path}/none`, method, {}))).toMatchObject({ code: 'ENOENT' });
    const abandoned = await folder.abandon('s');
    expect(await failure(call(abandoned, method, {}))).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each(['EACCES', 'ECONNRESET', 'EPIPE'])('rejects with %s as the socket gives it', async (code) => {
    const error = Object.assign(new Error(`connect ${code} /s`), { code });
    const want = { code, problem: `connect ${code} /s`, parameters: undefined };
    const broken = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done(error) });
    expect(await failure(call('/s', method, {}, {}, () => broken))).toMatchObject(want);
  });

  it('refuses a path that no socket address holds', async () => {
    const path = `/${'ü'.repeat(53)}x`;
    const asked = call(path, method, {}, {}, () => expect.unreachable());
    expect(await failure(asked)).toMatchObject({ code: 'ENAMETOOLONG' });
    expect(await failure(call(path.slice(0, -1), method, {}))).toMatchObject({ code: 'ENOENT' });
  });
});

async function failure(work: Promise<unknown>): Promise<VarlinkError> {
  const error = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(VarlinkError);
  return error as VarlinkError;
}

function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()));
}

function read(pieces: readonly Uint8Array[], limit = 1 << 20): unknown[] {
  const reader = new FrameReader(limit);
  return pieces.flatMap((piece) => [...reader.push(piece)]);
}

function whyNot(pieces: readonly Uint8Array[], limit?: number): unknown {
  try {
    return read(pieces, limit);
  } catch (error) {
    return error;
  }
}

describe('FrameReader', () => {
  const bytes = recorded('systemd257-list-all');
  const whole = read([bytes]);

  it('gives joined frames in their order', () => {
    expect(whole).toMatchObject([{ parameters: { name: 'fakevm' } }, { parameters: { name: '.host' } }]);
  });

  it('gives characters of several bytes whole', () => {
    const umlaut = Buffer.from(encodeFrame({ name: 'mü🐧' }));
    expect(read([...umlaut].map((byte) => Uint8Array.of(byte)))).toEqual([{ name: 'mü🐧' }]);
  });

  it('gives nothing before the NUL', () => {
    expect(read([Buffer.from('{}')])).toEqual([]);
  });

  it('gives what came before a bad frame first', () => {
    const frames = new FrameReader(100).push(Buffer.from('{"a":1}\0x\0'));
    expect(frames.next().value).toEqual({ a: 1 });
    expect(() => frames.next()).toThrow('PROTOCOL');
  });

  it.each([
    { name: 'an empty frame', input: Buffer.from('\0') },
    { name: 'no JSON', input: Buffer.from('SSH-2.0-x\0') },
    { name: 'half an object', input: Buffer.from('{"a":\0') },
    { name: 'an array', input: Buffer.from('[1]\0') },
    { name: 'null', input: Buffer.from('null\0') },
    { name: 'a string', input: Buffer.from('"a"\0') },
    { name: 'a number', input: Buffer.from('1\0') },
    { name: 'invalid UTF-8', input: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d, 0]) },
    { name: 'a byte order mark', input: Buffer.from('\ufeff{}\0') },
    { name: 'brackets without end', input: Buffer.from(`${'['.repeat(100_000)}\0`) },
  ])('refuses $name', ({ input }) => {
    const problem = 'the peer sent a frame that is not a JSON object';
    expect(whyNot([input])).toMatchObject({ code: 'PROTOCOL', problem });
  });

  it('takes a frame of just the limit, refuses one byte more, complete or not', () => {
    const frame = Buffer.from('{"a":1}\0');
    const tooLong = { code: 'PROTOCOL', problem: 'the peer sends a frame of more than 6 bytes' };
    expect(read([frame, frame], 7)).toEqual([{ a: 1 }, { a: 1 }]);
    expect(whyNot([frame], 6)).toMatchObject(tooLong);
    expect(whyNot([frame.subarray(0, 7)], 6)).toMatchObject(tooLong);
    expect(whyNot([frame.subarray(0, 4), frame.subarray(4, 7)], 6)).toMatchObject(tooLong);
  });
});
