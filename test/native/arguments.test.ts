import type { Address } from 'node-hvsock-native';
import { beforeEach, expect, it } from 'vitest';
import { addon, describeAddon } from './support/addon.js';
import { connectedPair } from './support/peer.js';

type Functions = Record<string, (...args: unknown[]) => unknown>;

const bare = addon as unknown as Functions;
const address: Address = { family: 'unix', path: '/proc/none' };
const handOff = { afterMs: 1, ignoreInterrupts: true, confined: true, title: 'x', onFailure: ['x'] };
const handleWanted = 'handle must be a socket of this addon, received';

describeAddon('unusable arguments', () => {
  let handle: unknown;
  beforeEach(async () => {
    handle = (await connectedPair()).handle;
  });

  const cases: [message: string, call: () => unknown][] = [
    [
      'connect: timeoutMs must be a whole number from 1 to 2147483647, received undefined',
      () => bare.connect?.(),
    ],
    ['received 0', () => bare.connect?.(address, 0)],
    ['received -1', () => bare.connect?.(address, -1)],
    ['received 1.5', () => bare.connect?.(address, 1.5)],
    ['received NaN', () => bare.connect?.(address, Number.NaN)],
    ['received Infinity', () => bare.connect?.(address, Number.POSITIVE_INFINITY)],
    ['received 10n', () => bare.connect?.(address, 10n)],
    ['connect: address must be an object, received null', () => bare.connect?.(null, 10)],
    ['received "/proc/none"', () => bare.connect?.('/proc/none', 10)],
    ['address.path must be a string, received undefined', () => bare.connect?.({ family: 'unix' }, 10)],
    ['received an array', () => bare.connect?.({ family: 'unix', path: ['/x'] }, 10)],
    ['received a symbol', () => bare.connect?.({ family: Symbol('unix') }, 10)],
    ['received "3"', () => bare.connect?.({ family: 'vsock', cid: '3', port: 22 }, 10)],
    ['received -22', () => bare.connect?.({ family: 'vsock', cid: 3, port: -22 }, 10)],
    [String.raw`received "\"\x0a\x7f\\"`, () => bare.connect?.({ family: '"\n\u007f\\' }, 10)],
    [`received "${'x'.repeat(120)}…"`, () => bare.connect?.({ family: 'x'.repeat(500) }, 10)],
    [`read: ${handleWanted} undefined`, () => bare.read?.()],
    [`${handleWanted} an object`, () => bare.read?.({}, 10)],
    [`${handleWanted} an object`, () => bare.read?.(addon, 10)],
    [`${handleWanted} a function`, () => bare.read?.(() => 0, 10)],
    [`${handleWanted} an object`, () => bare.read?.(Object.create(handle as object), 10)],
    ['read: max must be a whole number from 1', () => bare.read?.(handle, 0)],
    ['received "9"', () => bare.read?.(handle, '9')],
    ['peek: known must be a whole number from 0', () => bare.peek?.(handle, -1, 9, 9)],
    ['peek: max must be a whole number from 1', () => bare.peek?.(handle, 0, 0, 9)],
    ['peek: timeoutMs must be a whole number from 0', () => bare.peek?.(handle, 0, 9)],
    ['write: data must be a Uint8Array, received "text"', () => bare.write?.(handle, 'text')],
    ['data must be a Uint8Array, received an object', () => bare.write?.(handle, new Uint16Array(2))],
    ['data must be a Uint8Array', () => bare.write?.(handle, new ArrayBuffer(2))],
    [`shutdown: ${handleWanted} null`, () => bare.shutdown?.(null)],
    [`close: ${handleWanted} 1`, () => bare.close?.(1)],
    ['sendFd: over must be a whole number from 0', () => bare.sendFd?.(-1, handle)],
    [`sendFd: ${handleWanted}`, () => bare.sendFd?.(1, {})],
    ...[
      { handOff: null, message: 'relay: options.handOff must be an object, received null' },
      { handOff: { afterMs: -1 }, message: 'options.handOff.afterMs must be a whole number from 0' },
      { handOff: { afterMs: 1 }, message: 'handOff.ignoreInterrupts must be a boolean, received undefined' },
      { handOff: { ...handOff, title: 'a\0b' }, message: 'handOff.title must be text without a NUL' },
      { handOff: { ...handOff, onFailure: [] }, message: 'onFailure must be an array with lines' },
      { handOff: { ...handOff, onFailure: ['x', 'a\nb'] }, message: 'onFailure[1] must be one line' },
      { handOff: { ...handOff, confined: 1 }, message: 'handOff.confined must be a boolean, received 1' },
      { handOff: { ...handOff, onFailure: ['x', 1] }, message: 'onFailure[1] must be text without a NUL' },
    ].map(({ handOff, message }): (typeof cases)[number] => [
      message,
      () => bare.relay?.(handle, 0, 1, { lingerMs: -1, handOff }),
    ]),
    ['relay: input must be a whole number from 0', () => bare.relay?.(handle)],
    ['relay: output must be', () => bare.relay?.(handle, 0, 'out')],
    ['relay: options must be an object, received undefined', () => bare.relay?.(handle, 0, 1)],
    ['relay: options.lingerMs must be a whole number from -1', () => bare.relay?.(handle, 0, 1, {})],
    ['received -2', () => bare.relay?.(handle, 0, 1, { lingerMs: -2 })],
    [
      'relay: options.multiplexer must be a path, received 1',
      () => bare.relay?.(handle, 0, 1, { lingerMs: -1, multiplexer: 1 }),
    ],
    [`relaySockets: ${handleWanted} 1`, () => bare.relaySockets?.(handle, 1)],
    ['listen: backlog must be a whole number from 1', () => bare.listen?.(address)],
    ['received 0', () => bare.listen?.(address, 0)],
    ['adoptListener: descriptor must be a whole number', () => bare.adoptListener?.(-1)],
    [`accept: ${handleWanted} undefined`, () => bare.accept?.()],
    ['socketAddress: end must be a whole number', () => bare.socketAddress?.(handle, 2)],
    ['rawTerminal: raw must be a boolean, received 1', () => bare.rawTerminal?.(1)],
    ['watchHangup: descriptors must be an array, received undefined', () => bare.watchHangup?.()],
    ['descriptors[1] must be a whole number', () => bare.watchHangup?.([0, 'x'])],
    ...['relay', 'x', undefined].map((profile): (typeof cases)[number] => [
      'confine: profile must be "read", "serve", "serve-path" or "write", received',
      () => bare.confine?.(profile),
    ]),
    ['sockaddr: address must be an object, received undefined', () => bare.sockaddr?.()],
  ];

  it.each(cases)('$0', (message, call) => {
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
