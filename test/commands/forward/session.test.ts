import type { Addon, Handle } from 'node-hvsock-native';
import { expect, it } from 'vitest';
import { whyOther } from '../../../src/commands/forward/session.js';

const own = process.getuid?.();
const tcp = { family: 'inet', host: '127.0.0.1', port: 1 } as const;
const noSockDiag = () => {
  throw Object.assign(new Error('no sock_diag'), { code: 'EPROTONOSUPPORT' });
};

it.each([
  { name: 'this user', peerUser: () => own, why: undefined },
  { name: 'root', peerUser: () => 0, why: undefined },
  { name: 'another user', peerUser: () => 4_000_000, why: /^user 4000000 of this host$/ },
  { name: 'a client that has gone', peerUser: () => undefined, why: /the client ended/ },
  { name: 'a kernel that does not say it', peerUser: noSockDiag, why: /the kernel does not show/ },
])('lets $name connect: $why', ({ peerUser, why }) => {
  const addon = { peerUser } as Pick<Addon, 'peerUser'>;
  const said = whyOther(addon, {} as Handle, tcp);
  if (why) expect(said).toMatch(why);
  else expect(said).toBeUndefined();
  expect(whyOther(addon, {} as Handle, { family: 'unix', path: '/x' })).toBeUndefined();
});
