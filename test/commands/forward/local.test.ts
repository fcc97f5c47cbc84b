import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/command.js';
import {
  formatLocal,
  isPrivate,
  parseLocal,
  parseService,
  sameLocal,
} from '../../../src/commands/forward/session.js';

const inet = (host: string, port: number) => ({ family: 'inet', host, port });

describe('where a forward listens', () => {
  it.each([
    { text: '8080', want: inet('127.0.0.1', 8080) },
    { text: '0', want: inet('127.0.0.1', 0) },
    { text: 'localhost:80', want: inet('127.0.0.1', 80) },
    { text: '192.0.2.7:65535', want: inet('192.0.2.7', 65535) },
    { text: '[::1]:80', want: inet('::1', 80) },
    { text: './x.sock', want: { family: 'unix', path: './x.sock' } },
    { text: '/run/a:80', want: { family: 'unix', path: '/run/a:80' } },
  ])('$text', ({ text, want }) => {
    const local = parseLocal(text);
    expect(local).toEqual(want);
    expect(parseLocal(formatLocal(local))).toEqual(want);
  });

  it.each(['', ':', 'x', '65536', '-1', '080', '::1', '::1:80', '[127.0.0.1]:80', '[::1]', '[]:80'])(
    'is not "%s"',
    (text) => expect(() => parseLocal(text)).toThrow(UsageError),
  );

  it.each(['127.0.0.1:', '1.2.3:80', 'example.com:80', ':80', 'x.sock', '80 ', '127.0.0.1:80:80'])(
    'nor "%s"',
    (text) => expect(() => parseLocal(text)).toThrow(`got "${text}"`),
  );

  it('proposes a path for a name that looks like a socket', () => {
    expect(() => parseLocal('x.sock')).toThrow(
      expect.objectContaining({ hint: 'vmssh forward NAME PORT ./x.sock' }),
    );
    expect(() => parseLocal('my x.sock')).toThrow(
      expect.objectContaining({ hint: "vmssh forward NAME PORT './my x.sock'" }),
    );
  });

  it("is the machine's port if TCP has it", () => {
    expect(sameLocal(80)).toEqual(inet('127.0.0.1', 80));
    for (const port of [0, 65536, 4294967294]) expect(() => sameLocal(port)).toThrow(UsageError);
  });

  it.each(['80', '127.9.9.9:80', '[::1]:80', '[::ffff:127.0.0.1]:80', '/x'])(
    'can only be reached from here: %s',
    (text) => expect(isPrivate(parseLocal(text))).toBe(true),
  );

  it.each(['0.0.0.0:80', '[::]:80', '192.0.2.1:80', '[::1234]:80'])(
    'can be reached from elsewhere: %s',
    (text) => expect(isPrivate(parseLocal(text))).toBe(false),
  );
});

describe('what --reverse connects a machine to', () => {
  it.each([
    { text: '8080', want: inet('127.0.0.1', 8080) },
    { text: 'C:/Users/ann/x.sock', want: { family: 'unix', path: 'C:/Users/ann/x.sock' } },
  ])('$text', ({ text, want }) => {
    expect(parseService(text)).toEqual(want);
  });

  it('is neither any free port nor an address of another host', () => {
    const hint = 'vmssh forward --reverse NAME 5000 "$SSH_AUTH_SOCK"';
    for (const text of ['0', '192.0.2.7:80'])
      expect(() => parseService(text)).toThrow(expect.objectContaining({ hint }));
  });
});
