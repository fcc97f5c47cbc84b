import { expect, it } from 'vitest';
import { lasting } from '../../../src/commands/proxy/lasting.js';
import { relayEnded } from '../../../src/commands/proxy/relay-ended.js';
import { fakeIo } from '../../helpers/fake-io.js';

it.each(['vmssh', 'vsock-nc'] as const)('says for %s why its relay ended', async (program) => {
  const io = fakeIo();
  expect(await relayEnded([program, 'unix/a\u001b', 'ECONNRESET'], io)).toBe(1);
  expect(io.stdout).toEqual([]);
  expect(io.stderr.join('')).toBe(
    `${program}: connection lost to "unix/a\\x1b": the machine broke the connection (ECONNRESET)\n` +
      'hint: check that it is still running\n',
  );
});

it('makes the command for that, except with -v and over a hop', () => {
  const io = fakeIo({ self: ['/usr/bin/node', '/opt/vmssh.js'] });
  expect(lasting(io, {}, 'vsock/3', undefined, true)).toEqual({
    onFailure: ['/usr/bin/node', '/opt/vmssh.js', '--relay-ended', 'vmssh', 'vsock/3'],
    ignoreInterrupts: true,
  });
  expect(lasting(io, {}, 'vsock/3', () => {}, true)).toBeUndefined();
  expect(lasting(io, { confirmEnd: async () => {} }, 'via/hv1/vsock/3', undefined, true)).toBeUndefined();
});
