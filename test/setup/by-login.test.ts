import { expect } from 'vitest';
import { canAsk } from '../../src/setup/by-login.js';
import { fakeIo } from '../helpers/fake-io.js';
import { eachRow } from '../helpers/tables/rows.js';

const program = { SSH_ASKPASS: '/usr/bin/ask' };

// By ssh's own rule, in its readpass.c.
const rows: Readonly<Record<string, Row>> = {
  'a terminal': { tty: '/dev/null', want: true },
  'nothing at all': { want: false },
  'a program, but no display': { env: program, want: false },
  'a program and a display': { env: { ...program, DISPLAY: ':0' }, want: true },
  'a program and one of Wayland': { env: { ...program, WAYLAND_DISPLAY: 'wayland-0' }, want: true },
  'a program that is forced': { env: { ...program, SSH_ASKPASS_REQUIRE: 'FORCE' }, want: true },
  'a program that is never to be asked': {
    env: { ...program, DISPLAY: ':0', SSH_ASKPASS_REQUIRE: 'never' },
    want: false,
  },
  'only the word for one': { env: { SSH_ASKPASS_REQUIRE: 'force' }, tty: '/dev/null', want: false },
  'a console of Windows': { platform: 'win32', terminal: true, want: true },
};

eachRow(rows)(
  'ssh can ask by $name: $want',
  ({ env = {}, tty = '/proc/none/tty', platform = 'linux', terminal = false, want }) => {
    const io = fakeIo({ env, platform, terminal: { stdin: terminal, stdout: false, stderr: false } });
    expect(canAsk(io, tty)).toBe(want);
  },
);

interface Row {
  readonly env?: NodeJS.ProcessEnv;
  readonly tty?: string;
  readonly platform?: NodeJS.Platform;
  readonly terminal?: boolean;
  readonly want: boolean;
}
