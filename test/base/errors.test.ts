import { describe, expect, it } from 'vitest';
import {
  ConnectError,
  errorWith,
  exitCode,
  exitCodeOf,
  type Op,
  printable,
  quote,
  quoteNames,
} from '../../src/base/errors.js';
import { targetHere, withTarget } from '../../src/typed/shell.js';

describe('printable', () => {
  it.each([
    { name: 'plain text', input: 'a b~"\'\\', want: 'a b~"\'\\' },
    { name: 'letters of the world', input: 'Mü 日本 🐧', want: 'Mü 日本 🐧' },
    { name: 'NUL', input: '\0', want: '\\x00' },
    { name: 'line ends and tab', input: 'a\r\n\tb', want: 'a\\x0d\\x0a\\x09b' },
    { name: 'an escape sequence', input: '\x1b[31mred', want: '\\x1b[31mred' },
    { name: 'DEL', input: '\x7f', want: '\\x7f' },
    { name: 'CSI of C1', input: '\x9b31m', want: '\\x9b31m' },
    { name: 'a soft hyphen', input: '\xad', want: '\\xad' },
    { name: 'a right-to-left override', input: 'a\u202eb', want: 'a\\u{202e}b' },
    { name: 'bidirectional isolates', input: '\u2066\u2069', want: '\\u{2066}\\u{2069}' },
    { name: 'a right-to-left mark', input: '\u200f', want: '\\u{200f}' },
    { name: 'a line and a paragraph separator', input: '\u2028\u2029', want: '\\u{2028}\\u{2029}' },
    { name: 'a byte order mark', input: '\ufeff', want: '\\u{feff}' },
    { name: 'a tag character', input: '\u{e0041}', want: '\\u{e0041}' },
    { name: 'half a surrogate pair', input: 'a\ud83d', want: 'a\\u{d83d}' },
  ])('$name', ({ input, want }) => {
    expect(printable(input)).toBe(want);
  });

  it('quotes', () => {
    expect(quote('a\nb')).toBe('"a\\x0ab"');
    expect(quote('x'.repeat(500))).toBe(`"${'x'.repeat(500)}"`);
    expect(quote('x'.repeat(1e6))).toBe(`"${'x'.repeat(500)}…" (1000000 characters)`);
  });

  it('quotes names, but not thousands of them', () => {
    expect(quoteNames(['a', 'b\t'], ' or ')).toBe('"a" or "b\\x09"');
    expect(quoteNames(['x'.repeat(1e6), 'b'], ' or ')).toBe(
      `"${'x'.repeat(100)}…" (1000000 characters) or "b"`,
    );
    const many = Array.from({ length: 50_000 }, (_, i) => `m${i}`);
    expect(quoteNames(many, ', ')).toMatch(/^"m0", .*, "m49", 49950 more$/);
  });
});

describe('ConnectError', () => {
  it.each<{ op: Op; want: string }>([
    { op: 'parse', want: 'cannot understand "x": why' },
    { op: 'resolve', want: 'cannot find "x": why' },
    { op: 'connect', want: 'cannot connect to "x": why' },
    { op: 'handshake', want: 'no SSH server at "x": why' },
    { op: 'relay', want: 'connection lost to "x": why' },
  ])('of $op', ({ op, want }) => {
    const cause = new Error('below');
    const error = new ConnectError(op, 'x', { code: 'EIO', problem: 'why', hint: 'do', cause });
    expect(error).toMatchObject({ name: 'ConnectError', message: want, op, target: 'x', code: 'EIO' });
    expect(error).toMatchObject({ problem: 'why', hint: 'do', cause });
  });

  it('is told of what was typed, with all that is known', () => {
    const init = {
      code: 'EIO',
      problem: 'why',
      hint: 'do',
      reason: 'closed',
      final: true,
      cause: 'below',
    } as const;
    const start = { machine: 'm', command: ['m'] };
    const error = withTarget('machine/m', new ConnectError('connect', 'vsock:3:22', { ...init, start }));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ ...init, op: 'connect', target: 'machine/m', start });
    expect(error).toMatchObject({ message: 'cannot connect to "machine/m": why' });
    const other = new Error('x');
    expect(withTarget('machine/m', other)).toBe(other);
    const toFill = new ConnectError('connect', 'x', { ...init, hint: `a ${targetHere} b ${targetHere}` });
    expect(withTarget('it $&', toFill)).toMatchObject({ hint: "a 'it $&' b 'it $&'" });
    expect(withTarget('it is', toFill, 'cmd')).toMatchObject({ hint: 'a "it is" b "it is"' });
    // A machine's name is no place to fill, neither in a hint that has it nor once it is filled in.
    const named = new ConnectError('connect', 'x', {
      ...init,
      hint: `start '{target}'; setup ${targetHere}`,
    });
    const once = withTarget('$(id) {target}', named);
    expect(withTarget('$(id) {target}', once)).toMatchObject({
      hint: "start '{target}'; setup '$(id) {target}'",
    });
  });

  it('keeps what is not changed', () => {
    const error = new ConnectError('connect', 'x', { code: 'EIO', problem: 'why', hint: 'do' });
    expect(errorWith(error, { problem: 'more', hint: undefined })).toMatchObject({
      ...{ op: 'connect', target: 'x', code: 'EIO', message: 'cannot connect to "x": more', hint: undefined },
    });
  });

  it('has a message of one printable line whatever was received', () => {
    const error = new ConnectError('parse', 'a\n\x1b[1m', { code: 'USAGE', problem: 'got \u202e\r\n' });
    expect(error.message).toBe('cannot understand "a\\x0a\\x1b[1m": got \\u{202e}\\x0d\\x0a');
    expect(error.target).toBe('a\n\x1b[1m');
  });
});

describe('exitCodeOf', () => {
  it.each<{ op: Op; code: string; want: number }>([
    { op: 'parse', code: 'USAGE', want: 2 },
    { op: 'resolve', code: 'NOT_FOUND', want: 4 },
    { op: 'resolve', code: 'AMBIGUOUS', want: 4 },
    { op: 'resolve', code: 'UNSUPPORTED', want: 1 },
    { op: 'resolve', code: 'INTERRUPTED', want: 130 },
    { op: 'connect', code: 'ECONNREFUSED', want: 1 },
    { op: 'connect', code: 'NO_ADDON', want: 1 },
    { op: 'connect', code: 'PROTOCOL', want: 1 },
    { op: 'connect', code: 'INTERRUPTED', want: 130 },
    { op: 'handshake', code: 'NO_BANNER', want: 3 },
    { op: 'handshake', code: 'HANDSHAKE', want: 1 },
    { op: 'relay', code: 'ECONNRESET', want: 1 },
    { op: 'relay', code: 'toString', want: 1 },
  ])('$op $code is $want', ({ op, code, want }) => {
    expect(exitCodeOf(new ConnectError(op, 'x', { code, problem: '' }))).toBe(want);
  });

  it('has a code for each outcome', () => {
    const want = { ok: 0, connect: 1, usage: 2, noBanner: 3, noLogin: 255, notFound: 4, interrupted: 130 };
    expect(exitCode).toEqual(want);
  });
});
