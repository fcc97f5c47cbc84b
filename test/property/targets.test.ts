import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { ConnectError } from '../../src/base/errors.js';
import { exact } from '../../src/book/identity.js';
import { kindOf, kinds, parseTarget } from '../../src/kinds/kinds.js';
import { splitLogin } from '../../src/reach/login.js';
import { splitArgs, wordsOf } from '../../src/ssh/split-args.js';
import { asTyped, hasControlCharacter, split } from '../../src/typed/names.js';
import { anyText, property, textOf } from './property.js';

const kind = fc.constantFrom(...kinds.map(({ name }) => name));
const typed = fc.oneof(
  anyText(),
  fc
    .tuple(
      kind,
      fc.constantFrom('/', '%', ':'),
      fc.oneof(anyText(), textOf('0123456789abcdefx-:/%{}', 0, 40)),
    )
    .map((parts) => parts.join('')),
);

describe('a typed target', () => {
  property('is split where it was put together', typed, (text) => {
    const { word, separator, rest } = split(text);
    const head = text.slice(0, text.length - rest.length - separator.length);
    expect(head.toLowerCase()).toBe(word);
    expect(head + separator + rest).toBe(text);
    expect(/[/%:]/.test(head)).toBe(false);
  });

  property(
    'is understood, or refused in words that can be printed',
    typed,
    (text) => {
      try {
        const target = parseTarget(text);
        expect(kindOf(target).name).toBe(target.kind);
      } catch (error) {
        expect(error).toBeInstanceOf(ConnectError);
        expect(error).toMatchObject({ op: 'parse', code: 'USAGE' });
        expect(/[\p{Cc}\p{Bidi_Control}]/u.test((error as Error).message)).toBe(false);
      }
    },
    1000,
  );

  const name = anyText().filter(
    (text) => !/^\.{0,2}$|\//.test(text) && !hasControlCharacter(text) && !/^\{.*\}$/.test(text),
  );
  const named = kinds.filter(({ rest, name }) => rest === 'name' && !['hyper-v', 'outside'].includes(name));
  property(
    'with a name has that name, whatever is in it',
    fc.tuple(fc.constantFrom(...named), fc.constantFrom('/', '%'), name),
    ([{ name: kind }, separator, name]) => {
      fc.pre(name.toLowerCase() !== '.host');
      // There it is between the parts of a name, as in REMOTE%NAME.
      fc.pre(!['incus', 'kubectl', 'kubevirt'].includes(kind) || !name.includes('%'));
      expect(parseTarget(`${kind}${separator}${name}`)).toMatchObject({ kind, name });
      expect(parseTarget(`${kind.toUpperCase()}${separator}${name}`)).toMatchObject({ kind, name });
    },
  );

  const unsigned = fc.integer({ min: 0, max: 0xfffffffe });
  property('with numbers has those', fc.tuple(unsigned, unsigned), ([cid, port]) => {
    expect(parseTarget(`vsock:${cid}:${port}`)).toEqual({ kind: 'vsock', cid, port });
    expect(parseTarget(`vsock/0x${cid.toString(16)}`)).toEqual({ kind: 'vsock', cid });
    expect(parseTarget(`vsock-mux:/run/x:${port}`)).toEqual({ kind: 'vsock-mux', path: '/run/x', port });
  });

  property('as ssh hands it on is as it was typed', typed, (text) => {
    const lower = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    expect(asTyped(lower, text)).toBe(text);
    expect(asTyped(text, `${text}x`)).toBe(text);
  });
});

describe('a login', () => {
  const user = textOf('abz09_.-', 1);
  property('has its parts', fc.tuple(user, textOf('abz09_.-', 1), fc.nat(65535)), ([user, host, port]) => {
    expect(splitLogin(`${user}@${host}`)).toEqual({ user, host, port: undefined });
    expect(splitLogin(`ssh://${user}@${host}:${port}`)).toEqual({ user, host, port: String(port) });
    expect(splitLogin(`ssh://${user}@vsock/3/`)).toEqual({ user, host: 'vsock/3', port: undefined });
  });

  property('loses nothing', typed, (text) => {
    const { user, host } = splitLogin(text);
    fc.pre(!/^ssh:\/\//i.test(text));
    expect(user === undefined ? host : `${user}@${host}`).toBe(text);
  });
});

const argument = fc.oneof(
  textOf('-abceilmopBDEFIJLOPQRSWwvT=x@/:', 0, 6),
  fc.constantFrom('--', '-p', '-o', '--rsh', '--port=1', '-vp', 'web', '-'),
);
property(
  'arguments of ssh and the others are kept, in order',
  fc.tuple(fc.constantFrom('ssh', 'scp', 'sftp', 'rsync'), fc.array(argument)),
  ([tool, args]) => {
    const { before, after, operands } = splitArgs(tool, args);
    const all = [...wordsOf(before), ...wordsOf(after), ...operands];
    const end = args.findIndex((_, i) => all.length === args.length - 1 && args[i] === '--');
    expect([...all, ...(end < 0 ? [] : ['--'])].sort()).toEqual([...args].sort());
    for (const part of [wordsOf(before), wordsOf(after), operands]) expectInOrder(part, args);
  },
  500,
);

function expectInOrder(part: readonly string[], all: readonly string[]): void {
  let at = 0;
  for (const each of all) if (each === part[at]) at++;
  expect(at).toBe(part.length);
}

property('names for a machine in known_hosts are its own', fc.tuple(anyText(), anyText()), ([a, b]) => {
  for (const [one, other] of [
    [a, b],
    [a, a.toUpperCase()],
    [a, `-${a}`],
    [a, a.normalize('NFD')],
    [a, exact(a)],
  ] as const)
    expect(exact(one) === exact(other)).toBe(one === other);
  expect(exact(a)).not.toMatch(/[\s,*?!|#@/]/);
});
