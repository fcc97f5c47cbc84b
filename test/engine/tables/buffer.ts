import { casesOf } from './case.js';

const bytes = (text: string, encoding?: BufferEncoding) => [...Buffer.from(text, encoding)];
const stream = (decoder: InstanceType<typeof TextDecoder>, parts: readonly (readonly number[])[]) =>
  parts.map((part) => decoder.decode(Uint8Array.from(part), { stream: true })).join('|') + decoder.decode();

export const buffer = casesOf({
  'UTF-8 there': { run: () => bytes('aé€😀'), want: [97, 195, 169, 226, 130, 172, 240, 159, 152, 128] },
  'half a pair there': { run: () => bytes('a\ud800b'), want: [97, 239, 191, 189, 98] },
  'UTF-8 back': { run: () => Buffer.from([97, 195, 169, 0, 98]).toString(), want: 'aé\0b' },
  'what is not UTF-8': {
    run: () => Buffer.from([97, 255, 254, 195, 40, 226, 130, 98, 237, 160, 128, 240, 159]).toString(),
    want: 'a\ufffd\ufffd\ufffd(\ufffdb\ufffd\ufffd\ufffd\ufffd',
  },
  'Latin-1 there': { run: () => bytes('aÿĀ', 'latin1'), want: [97, 255, 0] },
  'Latin-1 back': { run: () => Buffer.from([97, 255, 0]).toString('latin1'), want: 'aÿ\0' },
  'hex back': { run: () => Buffer.from([0, 255, 171]).toString('hex'), want: '00ffab' },
  'base64 there': { run: () => bytes('-_8=', 'base64'), want: [251, 255] },
  'base64 with lines': { run: () => bytes('AQ\nID B', 'base64'), want: [1, 2, 3] },
  'base64 back': { run: () => Buffer.from([1, 255]).toString('base64'), want: 'Af8=' },
  'base64url back': { run: () => Buffer.from([251, 255]).toString('base64url'), want: '-_8' },
  'UTF-16 back': { run: () => Buffer.from([97, 0, 61, 216, 0, 222]).toString('utf16le'), want: 'a😀' },
  'a part as text': { run: () => Buffer.from('abcdef').toString('latin1', 2, 4), want: 'cd' },
  byteLength: { run: () => [Buffer.byteLength('aé'), Buffer.byteLength('')], want: [3, 0] },
  concat: { run: () => [...Buffer.concat([Buffer.from('ab'), Uint8Array.of(1)], 2)], want: [97, 98] },
  'subarray shares its bytes': {
    run: () => {
      const all = Buffer.from('abc');
      const part = all.subarray(1);
      part[0] = 120;
      return [all.toString(), Buffer.isBuffer(part), part.toString()];
    },
    want: ['axc', true, 'xc'],
  },
  equals: {
    run: () => [Buffer.from('a').equals(Buffer.from('a')), Buffer.from('a').equals(Buffer.from('ab'))],
    want: [true, false],
  },
  readUInt32BE: { run: () => Buffer.from([0, 255, 0, 1, 2]).readUInt32BE(1), want: 0xff000102 },
  alloc: { run: () => [...Buffer.alloc(2)], want: [0, 0] },
  'a decoder over parts': {
    run: () => stream(new TextDecoder(), [[0xf0, 0x9f], [0x98], [0x80, 97, 0xe2]]),
    want: '||😀a\ufffd',
  },
  'a byte order mark': {
    run: () => [
      new TextDecoder().decode(Uint8Array.of(239, 187, 191, 97)),
      new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.of(239, 187, 191, 97)),
    ],
    want: ['a', '\ufeffa'],
  },
  'a fatal decoder': {
    run: () =>
      [
        ...[[97], [239, 191, 189], [195, 169], [240, 159, 146, 150]],
        ...[[255], [97, 255], [195, 169, 255], [240, 144, 128], [237, 160, 128], [192, 175]],
      ].map((part) => {
        try {
          return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(part));
        } catch (error) {
          return (error as Error).name;
        }
      }),
    want: ['a', '\ufffd', 'é', '💖', ...Array.from({ length: 6 }, () => 'TypeError')],
  },
});
