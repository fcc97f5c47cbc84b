import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { lineDiff, shortDiff } from '../../src/hosts/show.js';
import { hasInclude, ownerOf, signed, withInclude, withoutInclude } from '../../src/ssh/config/file.js';
import { hostNames, settingsOf } from '../../src/ssh/config/settings.js';
import { lacks } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { anyText, property, textOf } from './property.js';
import { understoodBySsh } from './ssh-says.js';

const missing = lacks('ssh');
const folder = useTempDir();

/** A word of a user's own configuration, in the ways that ssh_config(5) and people quote one. */
const quoted = fc
  .tuple(textOf('abc.', 1, 6), fc.constantFrom('', '"', "'"), fc.nat(5))
  .map(([text, quote, at]) =>
    quote === '' ? text : `${text.slice(0, at)}${quote}${text.slice(at)}${quote}`,
  );

describe('what a user wrote', () => {
  property(
    'is read as a real ssh reads it',
    fc.record({
      keyword: fc.constantFrom('Host', 'host', 'HOST', ' Host', '\tHost'),
      sign: fc.constantFrom(' ', '=', ' = ', '\t', ' =', '= '),
      hosts: fc.array(quoted, { minLength: 1, maxLength: 3 }),
      end: fc.constantFrom('', ' ', '\t', ' # b', ' #b', '\r'),
      probe: textOf('abc.', 1, 3),
    }),
    async ({ keyword, sign, hosts, end, probe }) => {
      const config = `${keyword}${sign}${hosts.join(' ')}${end}\n User there\n`;
      const ours = hostNames(config);
      for (const host of [...ours, probe].slice(0, 2)) {
        const got = await understoodBySsh(config, host, folder);
        if (got !== undefined) expect([host, ours.has(host)]).toEqual([host, got.get('user') === 'there']);
      }
    },
    40,
    missing,
  );

  const line = fc.oneof(
    fc.constantFrom(
      'Include ~/.ssh/vmssh.conf',
      'Host *',
      'Match all',
      '# Machines on this host: vmssh config install',
    ),
    fc.constantFrom('', '  User me', 'Host a', 'Include "~/.ssh/vmssh.conf"', 'include other', '\ufeff'),
    anyText(),
  );
  const text = fc
    .tuple(fc.constantFrom('', '\ufeff'), fc.array(line), fc.constantFrom('\n', '\r\n'), fc.boolean())
    .map(([mark, lines, end, last]) => `${mark}${lines.join(end)}${last ? end : ''}`);
  const ownFile = '~/.ssh/vmssh.conf';

  property(
    'has the Include once, and is the same again without it',
    text,
    (main) => {
      const once = withInclude(main, [ownFile]);
      expect(hasInclude(once, [[ownFile]])).toBe(true);
      expect(withInclude(once, [ownFile])).toBe(once);
      if (!hasInclude(main, [[ownFile]])) expect(withoutInclude(once, [ownFile])).toBe(main);
    },
    500,
  );

  property('is never taken for ours', fc.tuple(text, text), ([main, other]) => {
    expect(['none', 'foreign']).toContain(ownerOf(main));
    expect(ownerOf(signed(main))).toBe('ours');
    if (other !== main)
      expect(ownerOf(signed(main).replace(main, () => other))).not.toBe(main === '' ? '' : 'ours');
    expect(settingsOf(main).every(({ keyword }) => /^[a-z]+$/.test(keyword))).toBe(true);
  });

  property('becomes the new text by its diff', fc.tuple(text, text), ([before, after]) => {
    const diff = lineDiff(before, after);
    const side = (sign: '-' | '+') =>
      diff.flatMap(([each, line]) => (each === sign || each === ' ' ? [line] : []));
    const lines = (all: string) => (all === '' ? [] : all.replace(/\n$/, '').split('\n'));
    expect(side('-')).toEqual(lines(before));
    expect(side('+')).toEqual(lines(after));
    const changed = (all: typeof diff) => all.filter(([sign]) => sign !== ' ');
    expect(changed(shortDiff(diff))).toEqual(changed(diff));
  });
});
