import { describe, expect, it } from 'vitest';
import { complain, type Row, rowFormatter } from '../../src/cli/rows.js';
import { fakeIo } from '../helpers/fake-io.js';

const shown = async (rows: readonly Row[], more: Parameters<typeof fakeIo>[0] = {}) =>
  (await rowFormatter(fakeIo({ columns: 40, ...more })))(rows).split('\n').slice(0, -1);

const print = `SHA256:${'x'.repeat(31)}`;
const near = { text: 'no machine is called wbe: found "web", "db"', hint: 'did you mean "web"?' };

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

it('no text of another begins a line as a fix or a hint does, and none has control characters', async () => {
  const said = ['fix: rm', 'hint: rm', 'fix, if so: rm'].map((each) => `${'x'.repeat(100)} ${each}`);
  for (const text of said)
    for (const columns of [20, 40, 80])
      expect(
        (await shown([{ text }], { columns })).slice(1).filter((line) => /^ *(fix|hint)/.test(line)),
      ).toEqual([]);
  expect(await shown([{ text: 'x', fix: 'if \x1b[2J: rm' }])).toEqual(['x', '  fix, if \\x1b[2J: rm']);
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

describe('on a terminal', () => {
  const terminal = { stdin: true, stdout: true, stderr: true };
  const person = { terminal, env: { HOME: '/home/ann', NO_COLOR: '1' }, columns: 50, errColumns: 60 };

  it.each<[what: string, row: Row, want: readonly string[]]>([
    [
      'a name has no quotes, an error no code, and HOME is short',
      { text: '"web" has no sshd (EXEC_NO_SSHD), see /home/ann/x' },
      ['web has no sshd, see ~/x'],
    ],
    [
      'a fingerprint beside a name is no wider than the terminal',
      { mark: 'ok', name: 'host key', text: `ssh-ed25519 ${print}` },
      ['✓ host key  ssh-ed25519', `${' '.repeat(12)}${print}`],
    ],
    ['a name that is near is a part of the sentence', near, ['no machine is called wbe. Did you mean web?']],
    ['a command stands alone', { hint: 'vmssh forget web' }, ['  fix: vmssh forget web']],
    [
      'with its condition',
      { hint: 'if it was reinstalled: vmssh forget web' },
      ['  fix, if it was reinstalled: vmssh forget web'],
    ],
    [
      'what is more than a command is broken at words',
      { hint: 'vmssh list shows the machines and their states' },
      ['  hint: vmssh list shows the machines and their', '        states'],
    ],
  ])('%s', async (_what, row, want) => {
    expect(await shown([row], person)).toEqual(want);
  });

  it('a message on stderr is wrapped at its width, and in a pipe it is one line', async () => {
    const problem = `REFUSED: web has another host key than before: shown SHA256:${'x'.repeat(43)}`;
    const print = async (more: Parameters<typeof fakeIo>[0]) => {
      const io = fakeIo(more);
      await complain(problem, 'if it was reinstalled: vmssh forget web', io);
      return io.stderr.join('');
    };
    expect(await print(person)).toBe(
      `vmssh: REFUSED: web has another host key than before:\n  shown SHA256:${'x'.repeat(43)}\n  fix, if it was reinstalled: vmssh forget web\n`,
    );
    expect(await print({})).toBe(`vmssh: ${problem}\nhint: if it was reinstalled: vmssh forget web\n`);
  });
});

it.each([
  ['podman start web', true],
  ['incus start --project=default local:off', true],
  ['virsh -c qemu:///system start mint', true],
  ['vmssh setup --user root web', true],
  ['vmssh ssh --start podman/web', true],
  ['vmssh forward web 22 0', true],
  ['ssh-keygen -t ed25519', true],
  ['vmssh cannot start it: its manager can', false],
  ['wait until it is off, then virsh start web', false],
  ['vmssh doctor looks at the ssh here', false],
  ['see vmssh list', false],
])('%j is a command alone: %j', async (hint, isCommand) => {
  const [row = ''] = await shown([{ hint }], { columns: 200 });
  expect(row.startsWith('  fix: ')).toBe(isCommand);
});
