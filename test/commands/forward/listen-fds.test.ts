import { expect, it } from 'vitest';
import { listenFds } from '../../../src/commands/forward/listen-fds.js';
import { loadAddon } from '../../../src/native.js';
import { missingAddon } from '../../helpers/addon.js';

const { addon } = loadAddon();
const pid = 77;

it.skipIf(missingAddon()).each([
  { env: {}, says: 'LISTEN_FDS is not set' },
  { env: { LISTEN_FDS: '1' }, says: 'LISTEN_PID is not set' },
  { env: { LISTEN_FDS: '1', LISTEN_PID: '78' }, says: 'LISTEN_PID is "78", and this process is 77' },
  { env: { LISTEN_FDS: '1', LISTEN_PID: '\x1b[2J' }, says: 'LISTEN_PID is "\\x1b[2J"' },
  { env: { LISTEN_FDS: '0', LISTEN_PID: '77' }, says: 'LISTEN_FDS is "0": expected a number from 1 to 1000' },
  { env: { LISTEN_FDS: '-1', LISTEN_PID: '77' }, says: 'LISTEN_FDS is "-1"' },
  { env: { LISTEN_FDS: '4294967295', LISTEN_PID: '77' }, says: 'LISTEN_FDS is "4294967295"' },
])('$env: $says, and no child sees the variables', ({ env, says }) => {
  const all: Record<string, string | undefined> = { ...env, LISTEN_PIDFDID: '1', HOME: '/' };
  expect(() => addon && listenFds(addon, all, pid)).toThrow(
    expect.objectContaining({ code: 'LISTEN_FDS', message: expect.stringContaining(says) }),
  );
  expect(all).toEqual({ HOME: '/' });
});
