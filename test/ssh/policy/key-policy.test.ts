import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { policyInLines } from '../../../src/ssh/config/file.js';
import { formatState, noState, stateFile } from '../../../src/ssh/config/state.js';
import { configText } from '../../../src/ssh/config/text.js';
import { keyPolicy, mayTell, plainLogin } from '../../../src/ssh/policy/key-policy.js';
import { lacks } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const caller = { program: ['/usr/bin/vmssh'], fdpass: true, platform: 'linux' } as const;

describe.skipIf(lacks('ssh'))('the policy for unknown host keys', () => {
  /** A home where `config install --host-keys=POLICY` was run. */
  const installed = (hostKeys?: 'accept-new' | 'ask' | 'strict') => {
    const HOME = mkdtempSync(join(dir, 'h-'));
    const env = { PATH: process.env.PATH, HOME };
    const state = stateFile(env, 'linux');
    mkdirSync(join(HOME, '.ssh'));
    mkdirSync(join(state, '..'), { recursive: true });
    writeFileSync(state, formatState({ ...noState, options: hostKeys ? { hostKeys } : {} }));
    const lines = configText({ ...caller, asksForKeys: true, ...(hostKeys ? { hostKeys } : {}) });
    writeFileSync(join(HOME, '.ssh/vmssh.conf'), lines);
    return { env, state, HOME };
  };
  const asked = async (
    env: Readonly<Record<string, string | undefined>>,
    { configFile = 'none', lines }: { configFile?: string; lines?: 'accept-new' | 'strict' } = {},
  ) => {
    const notes: string[] = [];
    const here = { env, platform: 'linux' } as const;
    const login = plainLogin('web', here, { configFile });
    const { policy } = await keyPolicy(here, { login, lines, note: (line) => notes.push(line) });
    return { policy, notes };
  };

  it.each([
    ['broken', /cannot be used, it is not JSON/, (state: string) => writeFileSync(state, '{')],
    [
      'newer',
      /version 9, .* knows version 1: .*refused/,
      (state: string) => writeFileSync(state, '{"version":9}'),
    ],
    [
      'no file',
      /cannot be used, .*not a regular file/,
      (state: string) => {
        rmSync(state);
        mkdirSync(state);
      },
    ],
    ['gone', /is missing/, (state: string) => rmSync(state)],
  ])('stays strict, with a line, if the state is $0', async (_name, says, spoil) => {
    const { env, state } = installed('strict');
    expect(await asked(env)).toEqual({ policy: 'strict', notes: [] });
    spoil(state);
    expect(await asked(env)).toEqual({
      policy: 'strict',
      notes: [expect.stringMatching(says)],
    });
  });

  it.each([
    { user: 'accept-new', least: 'strict', want: { policy: 'strict', takesAny: false, bySystem: true } },
    { user: 'strict', least: 'accept-new', want: { policy: 'strict' } },
    { user: 'ask', least: undefined, want: { policy: 'ask' } },
  ] as const)("is never less than the system's: $user, $least", async ({ user, least, want }) => {
    const here = { env: { ...installed().env, VMSSH_HOST_KEYS: user }, platform: 'linux' } as const;
    const login = async () => ['ssh', '-F', 'none', '-o', 'StrictHostKeyChecking=no', 'web'];
    for (const asked of [
      { login: plainLogin('web', here, { configFile: 'none' }) },
      ...(least === 'strict' ? [{ login }] : []),
    ])
      expect(await keyPolicy(here, asked, Promise.resolve(least))).toMatchObject(want);
  });

  it('stays strict if the state is looked for elsewhere', async () => {
    const { env, HOME } = installed('strict');
    const elsewhere = await asked({ ...env, XDG_STATE_HOME: join(HOME, 'elsewhere') });
    expect(elsewhere).toMatchObject({ policy: 'strict', notes: [expect.any(String)] });
  });

  it('is strict by a state that cannot be read, whatever the lines say', async () => {
    const { env, state } = installed();
    writeFileSync(state, 'no JSON');
    expect(await asked(env)).toMatchObject({ policy: 'strict', notes: [expect.any(String)] });
  });

  it.each([
    { kept: 'ask', want: 'ask' },
    { kept: 'accept-new', want: 'accept-new' },
  ] as const)('is as config install keeps it: $kept', async ({ kept, want }) => {
    expect(await asked(installed(kept).env)).toEqual({ policy: want, notes: [] });
  });

  it.each<[what: string, given: Parameters<typeof asked>[1] & { env?: object }, want: string]>([
    ['a file of the call is stricter', { lines: 'accept-new', configFile: 'yes' }, 'strict'],
    ['VMSSH_HOST_KEYS is not', { env: { VMSSH_HOST_KEYS: 'accept-new' }, configFile: 'yes' }, 'strict'],
    ['VMSSH_HOST_KEYS comes before the lines', { lines: 'strict', env: { VMSSH_HOST_KEYS: 'ask' } }, 'ask'],
    ['a wrong word is strict', { env: { VMSSH_HOST_KEYS: 'yes' } }, 'strict'],
    ['the lines', { lines: 'strict' }, 'strict'],
    ['nothing is said', {}, 'accept-new'],
  ])('%s', async (_what, { env, configFile, lines }, want) => {
    const file = join(dir, 'yes');
    writeFileSync(file, 'StrictHostKeyChecking yes\n');
    const own = { ...installed().env, ...env };
    const given = { lines, ...(configFile ? { configFile: file } : {}) };
    const got = await asked(own, given as Parameters<typeof asked>[1]);
    expect([got.policy, ...got.notes]).toEqual([want]);
  });

  it.each([undefined, 'accept-new', 'ask', 'strict'] as const)(
    '%s is read back from the lines',
    (hostKeys) => {
      const of = (asksForKeys: boolean) =>
        policyInLines(configText({ ...caller, asksForKeys, ...(hostKeys ? { hostKeys } : {}) }));
      expect(of(true)).toBe(hostKeys);
      expect(of(false)).toBe(hostKeys === 'accept-new' ? undefined : hostKeys);
    },
  );
});

it.each([
  ['Include vmssh.conf\n', false],
  ['# ours: Include\nInclude "C:/Users/Jörg 日本/.ssh/vmssh.conf" vmssh.conf\r\nHost a\r\n', false],
  ['#   StrictHostKeyChecking ask\n', false],
  ['Include vmssh.conf corp.conf\n', true],
  ['Include corp-vmssh.conf\n', true],
  ['Include vmssh.conf\nHost *\n  StrictHostKeyChecking yes\n', true],
])('a configuration may tell what is done about unknown keys: %j, %s', (text, tells) => {
  expect(mayTell(text)).toBe(tells);
});
