import fc from 'fast-check';
import { describe, expect } from 'vitest';
import {
  fitsSocket,
  hasControlCharacter,
  hostNameOf,
  isHostName,
  similarTo,
  slug,
} from '../../src/typed/names.js';
import {
  explainUnsigned32,
  isBareId,
  machineCid,
  parseCid,
  parseGuid,
  parsePort,
  parseUnsigned32,
  parseUuid,
  portOfServiceId,
  serviceIdOfPort,
} from '../../src/typed/numbers.js';
import { shellWord } from '../../src/typed/shell.js';
import { run } from '../helpers/run.js';
import { anyText, property, textOf } from './property.js';

const guid = fc.uuid().map((id) => id as ReturnType<typeof serviceIdOfPort>);

describe('numbers', () => {
  property('are read as they are written, in both bases', fc.integer({ min: 0, max: 2 ** 33 }), (value) => {
    const want = value < 2 ** 32 ? value : undefined;
    expect(parseUnsigned32(String(value))).toBe(want);
    expect(parseUnsigned32(`0x${value.toString(16)}`)).toBe(want);
    expect(parseUnsigned32(`0X${value.toString(16).toUpperCase()}`)).toBe(want);
  });

  property('are no other text', fc.oneof(anyText(), textOf('0123456789abcdefxX-+. eE_', 0, 12)), (text) => {
    const value = parseUnsigned32(text);
    if (value === undefined) expect(explainUnsigned32(text)).not.toBe('');
    else
      expect([String(value), `0x${value.toString(16)}`]).toContain(
        text.toLowerCase().replace(/^0x0+(?=.)/, '0x'),
      );
  });

  property(
    'that are CIDs and ports stay within their bounds',
    fc.oneof(anyText(), textOf('0123456789x', 1, 11)),
    (text) => {
      for (const [parse, most] of [
        [parseCid, 0xfffffffe],
        [(each: string) => parsePort(each, 'vsock'), 0xfffffffe],
        [(each: string) => parsePort(each, 'hvsock'), 0x7fffffff],
        [(each: string) => parsePort(each, 'tcp'), 0xffff],
        [(each: string) => machineCid(each) ?? 3, 0xfffffffe],
      ] as const) {
        try {
          expect(parse(text)).toBeLessThanOrEqual(most);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          expect(hasControlCharacter((error as Error).message)).toBe(false);
        }
      }
    },
  );
});

describe('ids', () => {
  property('are the same in each spelling', guid, (id) => {
    for (const each of [id, id.toUpperCase(), `{${id}}`]) {
      expect(parseGuid(each)).toBe(id);
      expect(isBareId(each)).toBe(true);
    }
    expect(parseUuid(id.replaceAll('-', ''))).toBe(id);
  });

  property('are no other text', fc.oneof(anyText(), textOf('0123456789abcdef-{}', 30, 40)), (text) => {
    const [id, uuid] = [parseGuid(text), parseUuid(text)];
    if (id !== undefined) expect([id, `{${id}}`]).toContain(text.toLowerCase());
    if (uuid !== undefined)
      expect(text.replaceAll(/[{}-]/g, '').toLowerCase()).toBe(uuid.replaceAll('-', ''));
  });

  property('stand for the port that they were made of', fc.integer({ min: 0, max: 0x7fffffff }), (port) =>
    expect(portOfServiceId(serviceIdOfPort(port))).toBe(port),
  );
});

describe('names', () => {
  property('as a host are accepted as a host', anyText(), (text) => {
    expect(isHostName(hostNameOf(text))).toBe(true);
    const short = slug(text);
    expect(slug(short)).toBe(short);
    if (short !== '') expect(isHostName(short)).toBe(true);
  });

  property(
    'that are similar are among those offered',
    fc.tuple(anyText(), fc.array(anyText())),
    ([typed, names]) => {
      const similar = similarTo(typed, names);
      expect(similar.length).toBeLessThanOrEqual(3);
      expect(names).toEqual(expect.arrayContaining([...similar]));
    },
  );

  property('of sockets fit by their bytes', anyText(), (text) =>
    expect(fitsSocket(text)).toBe(new TextEncoder().encode(text).length <= 107),
  );
});

const words = fc.array(
  anyText().map((text) => Buffer.from(text.replaceAll('\0', '')).toString()),
  { maxLength: 200 },
);

property(
  'words for a shell come out of a real one as they were',
  words,
  async (all) => {
    const script = `printf '%s\\0' begin ${all.map(shellWord).join(' ')}`;
    const { stdout } = await run(['sh'], { input: script });
    expect(stdout).toBe(['begin', ...all, ''].join('\0'));
  },
  20,
);
