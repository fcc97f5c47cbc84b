import type { Address } from 'node-hvsock-native';
import { beforeEach, expect, it } from 'vitest';
import { addon, describeAddon } from './support/addon.js';
import { connectedPair } from './support/peer.js';

type Functions = Record<string, (...args: unknown[]) => unknown>;

const bare = addon as unknown as Functions;
const address: Address = { family: 'unix', path: '/nowhere' };
const handOff = { afterMs: 1, ignoreInterrupts: true, confined: true, title: 'x', onFailure: ['x'] };
const handleWanted = 'handle must be a socket of this addon, received';

describeAddon('unusable arguments', () => {
  let handle: unknown;
  beforeEach(async () => {
    handle = (await connectedPair()).handle;
  });

  const cases: { call: () => unknown; message: string }[] = [
    {
      call: () => bare.connect?.(),
      message: 'connect: timeoutMs must be a whole number from 1 to 2147483647, received undefined',
    },
    { call: () => bare.connect?.(address, 0), message: 'received 0' },
    { call: () => bare.connect?.(address, -1), message: 'received -1' },
    { call: () => bare.connect?.(address, 1.5), message: 'received 1.5' },
    { call: () => bare.connect?.(address, Number.NaN), message: 'received NaN' },
    { call: () => bare.connect?.(address, Number.POSITIVE_INFINITY), message: 'received Infinity' },
    { call: () => bare.connect?.(address, 10n), message: 'received 10n' },
    { call: () => bare.connect?.(null, 10), message: 'connect: address must be an object, received null' },
    { call: () => bare.connect?.('/nowhere', 10), message: 'received "/nowhere"' },
    {
      call: () => bare.connect?.({ family: 'unix' }, 10),
      message: 'address.path must be a string, received undefined',
    },
    { call: () => bare.connect?.({ family: 'unix', path: ['/x'] }, 10), message: 'received an array' },
    { call: () => bare.connect?.({ family: Symbol('unix') }, 10), message: 'received a symbol' },
    { call: () => bare.connect?.({ family: 'vsock', cid: '3', port: 22 }, 10), message: 'received "3"' },
    { call: () => bare.connect?.({ family: 'vsock', cid: 3, port: -22 }, 10), message: 'received -22' },
    {
      call: () => bare.connect?.({ family: '"\n\u007f\\' }, 10),
      message: String.raw`received "\"\x0a\x7f\\"`,
    },
    {
      call: () => bare.connect?.({ family: 'x'.repeat(500) }, 10),
      message: `received "${'x'.repeat(120)}…"`,
    },
    { call: () => bare.read?.(), message: `read: ${handleWanted} undefined` },
    { call: () => bare.read?.({}, 10), message: `${handleWanted} an object` },
    { call: () => bare.read?.(addon, 10), message: `${handleWanted} an object` },
    { call: () => bare.read?.(() => 0, 10), message: `${handleWanted} a function` },
    { call: () => bare.read?.(Object.create(handle as object), 10), message: `${handleWanted} an object` },
    { call: () => bare.read?.(handle, 0), message: 'read: max must be a whole number from 1' },
    { call: () => bare.read?.(handle, '9'), message: 'received "9"' },
    { call: () => bare.peek?.(handle, -1, 9, 9), message: 'peek: known must be a whole number from 0' },
    { call: () => bare.peek?.(handle, 0, 0, 9), message: 'peek: max must be a whole number from 1' },
    { call: () => bare.peek?.(handle, 0, 9), message: 'peek: timeoutMs must be a whole number from 0' },
    {
      call: () => bare.write?.(handle, 'text'),
      message: 'write: data must be a Uint8Array, received "text"',
    },
    {
      call: () => bare.write?.(handle, new Uint16Array(2)),
      message: 'data must be a Uint8Array, received an object',
    },
    { call: () => bare.write?.(handle, new ArrayBuffer(2)), message: 'data must be a Uint8Array' },
    { call: () => bare.shutdown?.(null), message: `shutdown: ${handleWanted} null` },
    { call: () => bare.close?.(1), message: `close: ${handleWanted} 1` },
    { call: () => bare.sendFd?.(-1, handle), message: 'sendFd: over must be a whole number from 0' },
    { call: () => bare.sendFd?.(1, {}), message: `sendFd: ${handleWanted}` },
    ...[
      { handOff: null, message: 'relay: options.handOff must be an object, received null' },
      { handOff: { afterMs: -1 }, message: 'options.handOff.afterMs must be a whole number from 0' },
      { handOff: { afterMs: 1 }, message: 'handOff.ignoreInterrupts must be a boolean, received undefined' },
      { handOff: { ...handOff, title: 'a\0b' }, message: 'handOff.title must be text without a NUL' },
      { handOff: { ...handOff, onFailure: [] }, message: 'onFailure must be an array with lines' },
      { handOff: { ...handOff, onFailure: ['x', 'a\nb'] }, message: 'onFailure[1] must be one line' },
      { handOff: { ...handOff, confined: 1 }, message: 'handOff.confined must be a boolean, received 1' },
      { handOff: { ...handOff, onFailure: ['x', 1] }, message: 'onFailure[1] must be text without a NUL' },
    ].map(({ handOff, message }) => ({
      call: () => bare.relay?.(handle, 0, 1, { lingerMs: -1, handOff }),
      message,
    })),
    { call: () => bare.relay?.(handle), message: 'relay: input must be a whole number from 0' },
    { call: () => bare.relay?.(handle, 0, 'out'), message: 'relay: output must be' },
    {
      call: () => bare.relay?.(handle, 0, 1),
      message: 'relay: options must be an object, received undefined',
    },
    {
      call: () => bare.relay?.(handle, 0, 1, {}),
      message: 'relay: options.lingerMs must be a whole number from -1',
    },
    { call: () => bare.relay?.(handle, 0, 1, { lingerMs: -2 }), message: 'received -2' },
    {
      call: () => bare.relay?.(handle, 0, 1, { lingerMs: -1, multiplexer: 1 }),
      message: 'relay: options.multiplexer must be a path, received 1',
    },
    { call: () => bare.relaySockets?.(handle, 1), message: `relaySockets: ${handleWanted} 1` },
    { call: () => bare.listen?.(address), message: 'listen: backlog must be a whole number from 1' },
    { call: () => bare.listen?.(address, 0), message: 'received 0' },
    { call: () => bare.adoptListener?.(-1), message: 'adoptListener: descriptor must be a whole number' },
    { call: () => bare.accept?.(), message: `accept: ${handleWanted} undefined` },
    { call: () => bare.socketAddress?.(handle, 2), message: 'socketAddress: end must be a whole number' },
    { call: () => bare.rawTerminal?.(1), message: 'rawTerminal: raw must be a boolean, received 1' },
    {
      call: () => bare.watchHangup?.(),
      message: 'watchHangup: descriptors must be an array, received undefined',
    },
    { call: () => bare.watchHangup?.([0, 'x']), message: 'descriptors[1] must be a whole number' },
    ...['relay', 'x', undefined].map((profile) => ({
      call: () => bare.confine?.(profile),
      message: 'confine: profile must be "read", "serve", "serve-path" or "write", received',
    })),
    { call: () => bare.sockaddr?.(), message: 'sockaddr: address must be an object, received undefined' },
  ];

  it.each(cases)('$message', ({ call, message }) => {
    expect(call).toThrow(
      expect.objectContaining({ code: 'EINVAL', errno: 22, message: expect.stringContaining(message) }),
    );
  });

  it("passes a getter's own error on", () => {
    const mistake = new Error('mine');
    const trap = {
      get family() {
        throw mistake;
      },
    };
    expect(() => bare.sockaddr?.(trap)).toThrow(mistake);
  });

  it('gives nothing up in Node, whose threads need more', () => {
    expect(addon.confine('read')).toBe(false);
  });

  it('lists the families it opens', () => {
    expect(addon.families).toEqual(['unix', 'vsock', 'inet']);
  });
});
