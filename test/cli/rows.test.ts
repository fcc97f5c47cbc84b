import { expect, it } from 'vitest';
import { type Row, rowFormatter } from '../../src/cli/rows.js';
import { fakeIo } from '../helpers/fake-io.js';

const shown = async (rows: readonly Row[], more: Parameters<typeof fakeIo>[0] = {}) =>
  (await rowFormatter(fakeIo({ columns: 40, ...more })))(rows).split('\n').slice(0, -1);

it('a row breaks between words where the terminal ends, and goes on below its text', async () => {
  const text = 'the agent at /run/user/1000/ssh did not answer within two seconds';
  expect(
    await shown([
      { mark: 'look', name: 'agent', text },
      { mark: 'ok', name: 'a', text: 'x' },
    ]),
  ).toEqual([
    '! agent  the agent at /run/user/1000/ssh',
    '         did not answer within two',
    '         seconds',
    '✓ a      x',
  ]);
});

it('a fix is one line of its own, however long, and a path or fingerprint is never cut', async () => {
  const long = `SHA256:${'x'.repeat(43)}`;
  const fix = `vmssh forget ${'web'.repeat(20)}`;
  expect(await shown([{ mark: 'wrong', text: `shown ${long} here`, fix }])).toEqual([
    ...['✗ shown', `  ${long}`, '  here'],
    `  fix: ${fix}`,
  ]);
});

it('a word that is longer than the room beside its name begins further left', async () => {
  const [name, word] = ['key'.padEnd(20), `SHA256:${'x'.repeat(25)}`];
  expect(await shown([{ mark: 'ok', name, text: `is ${word} now` }])).toEqual([
    '✓ key                   is',
    `        ${word}`,
    '                        now',
  ]);
});

it.each([
  ['LC_ALL', 'C', 'ok x'],
  ['LANG', 'de_DE.ISO-8859-1', 'ok x'],
  ['LANG', 'de_DE.UTF-8', '✓ x'],
  ['LC_CTYPE', 'en_US.utf8', '✓ x'],
  ['EDITOR', 'vi', '✓ x'],
])('a terminal with %s=%s gets %j', async (name, value, row) => {
  expect(await shown([{ mark: 'ok', text: 'x' }], { env: { [name]: value } })).toEqual([row]);
});

it('what a machine said controls no terminal', async () => {
  const [row = ''] = await shown([{ mark: 'none', name: 'a\x1b[2J', text: 'b\u202ec', fix: 'd\x07' }]);
  expect(row).toBe('– a\\x1b[2J  b\\u{202e}c');
});
