import { describe, expect, it } from 'vitest';
import { type BannerScan, bannerLimit, scanBanner } from '../../src/ssh/banner.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const openssh = 'SSH-2.0-OpenSSH_9.2p1 Debian-2';

describe('scanBanner', () => {
  it.each([
    { name: 'a banner', before: '', line: openssh, end: '\r\n', after: '' },
    { name: 'a banner that ends in only a line feed', before: '', line: openssh, end: '\n', after: '' },
    {
      name: 'a banner followed by the key exchange',
      before: '',
      line: openssh,
      end: '\r\n',
      after: '\0\0\x05',
    },
    { name: 'one of 1.99', before: '', line: 'SSH-1.99-old', end: '\n', after: '' },
    { name: 'the shortest', before: '', line: 'SSH-2.0-', end: '\n', after: '' },
    { name: 'lines before it', before: 'Welcome\r\n\r\nOK 1024\n', line: openssh, end: '\r\n', after: '' },
    {
      name: 'a line that mentions SSH-2.0-',
      before: ' SSH-2.0-x\nxSSH-2.0-\n',
      line: openssh,
      end: '\n',
      after: '',
    },
    { name: 'a long line before it', before: `${'x'.repeat(2000)}\n`, line: openssh, end: '\r\n', after: '' },
    { name: 'bytes over ASCII', before: '\xe9\n', line: 'SSH-2.0-\xe9', end: '\n', after: '\xff' },
    { name: '255 bytes with CR LF', before: '', line: `SSH-2.0-${'x'.repeat(245)}`, end: '\r\n', after: '' },
    { name: '255 bytes with LF', before: '', line: `SSH-2.0-${'x'.repeat(246)}`, end: '\n', after: '' },
  ])('finds $name, at its last byte and not before', ({ before, line, end, after }) => {
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
