import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { pinKey, pinsIn, withoutNames } from '../../src/keys/pins.js';
import { filedVerdict, isFor, linesOf, nameBytes, parseLine } from '../../src/ssh/known-hosts.js';
import { matchesPattern } from '../../src/typed/names.js';
import { lacks } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { anyText, property, textOf } from './property.js';

const dir = useTempDir();
const key = 'AAAAC3NzaC1lZDI1NTE5AAAAIJ5o1OCAF6P8mZ0z1m3oRz0WJpC5VqY8l6mY0qv5bBcE';
const name = textOf('abAB.-', 1, 4);
const entry = fc.oneof(
  name,
  textOf('ab*?', 1, 4),
  name.map((each) => `!${each}`),
  name.map((each) => `[${each}]:22`),
);
const hosts = fc.array(entry, { minLength: 1, maxLength: 4 }).map((all) => all.join(','));
const line = fc.oneof(
  { weight: 3, arbitrary: hosts.map((each) => `${each} ssh-ed25519 ${key} comment`) },
  fc
    .tuple(fc.constantFrom('@revoked', '@cert-authority', '@x'), hosts)
    .map(([marker, each]) => `${marker} ${each} ssh-ed25519 ${key}`),
  fc.constantFrom(
    '',
    '# web ssh-ed25519 AAAA',
    '|1|bad|worse ssh-ed25519 AAAA',
    ' \ta\tssh-rsa  AAAA',
    'a b',
  ),
  anyText(),
);
const file = fc
  .tuple(fc.array(line, { maxLength: 8 }), fc.boolean())
  .map(([lines, last]) => Buffer.from(`${lines.join('\n')}${last ? '\n' : ''}`));

describe('a known_hosts file', () => {
  property('is its lines, byte for byte', fc.oneof(file, fc.uint8Array().map(Buffer.from)), (bytes) =>
    expect(Buffer.from(linesOf(bytes).join(''), 'latin1').equals(bytes)).toBe(true),
  );

  property('without a name keeps all else, and has it no more', fc.tuple(file, name), ([bytes, name]) => {
    const left = withoutNames(bytes, [name]);
    if (left.removed === 0) expect(left.bytes.equals(bytes)).toBe(true);
    expect(withoutNames(left.bytes, [name])).toEqual({ bytes: left.bytes, removed: 0 });
    const kept = new Set(linesOf(left.bytes));
    const wanted = nameBytes(name);
    for (const line of linesOf(bytes)) {
      const parsed = parseLine(line);
      const names = parsed?.hosts.toLowerCase().split(',') ?? [];
      const isOurs =
        parsed?.marker === undefined &&
        (names.includes(wanted) || names.some((each) => each.startsWith(`[${wanted}]:`)));
      if (!isOurs) expect(kept.has(line)).toBe(true);
    }
  });

  property(
    'with a key more has all the others as they were',
    fc.tuple(file, name),
    async ([bytes, suffix]) => {
      const path = join(dir, 'known_hosts');
      writeFileSync(path, bytes);
      const pin = {
        alias: `vmssh-${suffix.toLowerCase()}`,
        type: 'ssh-ed25519',
        key: 'AAAA',
        names: ['machine%x'],
      };
      const pinned = await pinKey(path, pin);
      const after = readFileSync(path);
      if (pinned === 'lost') expect(after.equals(bytes)).toBe(true);
      else expect(pinsIn(after)).toEqual(expect.arrayContaining([expect.objectContaining(pin)]));
      const kept = linesOf(after).filter((line) => !line.startsWith('vmssh-'));
      expect(kept.map((line) => line.trimEnd())).toEqual(
        linesOf(bytes)
          .filter((line) => !line.startsWith('vmssh-'))
          .map((line) => line.trimEnd()),
      );
      await pinKey(path, pin);
      expect(readFileSync(path).equals(after)).toBe(true);
    },
  );

  property('gives a verdict on any host', fc.tuple(file, anyText()), ([bytes, host]) => {
    expect(['new', 'changed']).toContain(filedVerdict('SHA256:none', host, bytes));
  });
});

property(
  'patterns match as regular expressions would',
  fc.tuple(textOf('ab.', 0, 8), textOf('ab.*?', 0, 6)),
  ([text, pattern]) => {
    const source = pattern.replaceAll(/./g, (c) => ({ '*': '.*', '?': '.', '.': '\\.' })[c] ?? c);
    expect(matchesPattern(text, pattern)).toBe(new RegExp(`^${source}$`).test(text));
  },
);

const missing = lacks('ssh-keygen');
const folder = useTempDir();
property(
  'a line is for a host as ssh-keygen says',
  fc.tuple(hosts, textOf('ab.-', 1, 4), fc.boolean()),
  async ([hosts, host, hashed]) => {
    const path = join(folder, 'known_hosts');
    const plain = /^[\w.-]+$/.test(hosts);
    writeFileSync(path, `${hosts} ssh-ed25519 ${key}\n`);
    if (hashed && plain) await run(['ssh-keygen', '-q', '-H', '-f', path]);
    const [text = ''] = (await run(['cat', path])).stdout.split(' ');
    const { code } = await run(['ssh-keygen', '-F', host, '-f', path]);
    expect(isFor(nameBytes(host), text)).toBe(code === 0);
  },
  40,
  missing,
);
