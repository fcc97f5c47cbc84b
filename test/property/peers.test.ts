import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { printable } from '../../src/base/errors.js';
import { readReply } from '../../src/connect/multiplexer.js';
import { splitLines } from '../../src/entry/run-script.js';
import { cidOf, parseProgress } from '../../src/guest/report.js';
import { parseMachine } from '../../src/sources/machined/machined.js';
import { encodeFrame, FrameReader, VarlinkError } from '../../src/sources/machined/varlink.js';
import type { JsonObject } from '../../src/sources/tools/json.js';
import { bannerLimit, scanBanner } from '../../src/ssh/banner.js';
import { anyText, cut, property, textOf } from './property.js';

const places = fc.array(fc.nat(), { maxLength: 6 });
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 400 }).map(Buffer.from),
  fc
    .array(
      fc.constantFrom('SSH-', 'SSH-2.0-x', '1.99', '\r\n', '\n', '\0', 'HTTP/1.1 ', 'OK ', '1073741824', '#'),
      { maxLength: 12 },
    )
    .map((parts) => Buffer.from(parts.join(''))),
);

describe('a banner', () => {
  property(
    'is found, or refused, at one byte and for good',
    bytes,
    (all) => {
      const scans = Array.from({ length: all.length + 1 }, (_, end) => scanBanner(all.subarray(0, end)));
      const decided = scans.findIndex(({ state }) => state !== 'more');
      fc.pre(decided >= 0);
      for (const scan of scans.slice(decided)) expect(scan.state).toBe(scans[decided]?.state);
      const found = scans[decided];
      if (found?.state === 'found')
        expect(scans.slice(decided)).toEqual(scans.slice(decided).map(() => found));
    },
    500,
  );

  property(
    'comes out whole',
    fc.tuple(textOf('abc-._ +~', 0, 200), textOf('abc \r', 0, 40)),
    ([software, before]) => {
      const banner = `SSH-2.0-${software}`;
      const text = `${before}\n${banner}\r\n`;
      expect(scanBanner(Buffer.from(`${text}\0rest`))).toEqual({
        state: 'found',
        banner,
        length: text.length,
      });
    },
  );

  property('is waited for up to a limit', fc.constantFrom(...' aS\r\n'), (byte) =>
    expect(scanBanner(Buffer.alloc(bannerLimit, byte)).state).toBe('not-ssh'),
  );
});

describe("a multiplexer's answer", () => {
  property(
    'is read to its end and no further',
    fc.tuple(fc.nat(4294967295), fc.constantFrom('\n', '\r\n'), bytes),
    ([port, end, rest]) => {
      const line = Buffer.from(`OK ${port}${end}`);
      for (let at = 0; at < line.length; at++) expect(readReply(line.subarray(0, at))).toBe('more');
      expect(readReply(Buffer.concat([line, rest]))).toBe(line.length);
    },
  );

  property('that is another one is known by some byte, for good', bytes, (all) => {
    const replies = Array.from({ length: all.length + 1 }, (_, end) => readReply(all.subarray(0, end)));
    const decided = replies.findIndex((each) => each !== 'more');
    if (decided < 0) expect(all.length).toBeLessThan(15);
    else expect(new Set(replies.slice(decided)).size).toBe(1);
  });
});

describe('varlink', () => {
  const message = fc
    .dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
    // As JSON keeps it: no -0.
    .map((each): JsonObject => JSON.parse(JSON.stringify(each)));

  property(
    'messages are the same in pieces of any size',
    fc.tuple(fc.array(message), places),
    ([all, places]) => {
      const reader = new FrameReader(1 << 20);
      const sent = Buffer.from(all.map(encodeFrame).join(''));
      const got = cut(sent, places).flatMap((piece) => [...reader.push(piece)]);
      expect(got).toEqual(all);
    },
  );

  property('bytes that are no message are refused', fc.tuple(bytes, places), ([sent, places]) => {
    const reader = new FrameReader(64);
    try {
      for (const piece of cut(sent, places))
        for (const got of reader.push(piece)) expect(typeof got).toBe('object');
    } catch (error) {
      expect(error).toBeInstanceOf(VarlinkError);
    }
  });

  const fields = ['name', 'id', 'class', 'vSockCid', 'leader', 'sshAddress'] as const;
  const value = fc.oneof(
    fc.jsonValue(),
    fc.nat(),
    anyText(),
    fc.constantFrom(null, -1, 3, 2 ** 32 - 1, 2 ** 53, 1.5),
  );
  property(
    'machines are read, or refused',
    fc.record(Object.fromEntries(fields.map((name) => [name, value]))),
    (raw) => {
      try {
        const { name, vsockCid = 3, leader = 1 } = parseMachine(raw, 'system');
        expect(name).not.toBe('');
        expect(Number.isInteger(vsockCid) && vsockCid >= 3 && vsockCid < 2 ** 32 - 1).toBe(true);
        expect(Number.isInteger(leader) && leader > 0).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(VarlinkError);
      }
    },
  );
});

describe("a guest's output", () => {
  const parts = fc.array(fc.oneof(textOf('ab \r\n', 0, 20), anyText()));

  property('has the same lines in any pieces', parts, (parts) => {
    const lines: string[] = [];
    const take = splitLines((line) => lines.push(line));
    for (const part of parts) take(part);
    expect(lines).toEqual(parts.join('').split('\n').slice(0, -1));
  });

  property('loses nothing on a terminal', parts, (parts) => {
    let seen = '';
    const take = splitLines(
      (line) => (seen += `${line}\n`),
      (prompt) => (seen += prompt),
    );
    for (const part of [...parts, '\n']) take(part);
    expect(seen).toBe(`${parts.join('')}\n`);
  });

  property('is a line of ours, or none', fc.oneof(anyText(), textOf('okfixend -1;thCIDs', 0, 30)), (text) => {
    const line = parseProgress(text);
    if (line) expect(text).toMatch(new RegExp(`^${line.state} +${line.step} `));
    const cid = cidOf([{ state: 'ok', step: 'x', message: text }]);
    if (cid !== undefined) expect(text.endsWith(` ${cid}`) || text.endsWith(`0${cid}`)).toBe(true);
  });

  property('never controls the terminal', anyText(), (text) => {
    expect(printable(text)).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/u);
    if (/^[ -~]*$/.test(text)) expect(printable(text)).toBe(text);
  });
});
