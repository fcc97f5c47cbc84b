import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameReader } from '../../../src/discovery/machined/varlink-frames.js';
import { recorded } from './varlink-peer.js';

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

  it('gives the same wherever the bytes are split', () => {
    for (let at = 0; at <= bytes.length; at++) {
      expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    }
  });

  it('gives the same byte by byte, and characters of several bytes whole', () => {
    expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
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
    expect(whyNot([input])).toMatchObject({
      code: 'PROTOCOL',
      problem: 'the peer sent a frame that is not a JSON object',
    });
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
