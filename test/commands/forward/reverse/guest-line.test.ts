import { expect, it } from 'vitest';
import { guestLine } from '../../../../src/commands/forward/reverse/guest-line.js';

const line = (path: string) => guestLine(5000, { family: 'unix', path });

it.each([
  { path: '/run/user/1000/agent.sock', name: 'agent.sock' },
  { path: '/tmp/a,exec=sh', name: 'port-5000.sock' },
  { path: '/tmp/$(id)', name: 'port-5000.sock' },
  { path: '/', name: 'port-5000.sock' },
])('makes a socket of the same name as $path, if socat takes it for no option', ({ path, name }) => {
  expect(line(path)).toBe(
    `socat UNIX-LISTEN:"$XDG_RUNTIME_DIR"/${name},fork,mode=600,unlink-early VSOCK-CONNECT:2:5000`,
  );
});

it('listens on the same port for a port', () => {
  expect(guestLine(5000, { family: 'inet', host: '127.0.0.1', port: 3142 })).toBe(
    'socat TCP-LISTEN:3142,fork,reuseaddr,bind=127.0.0.1 VSOCK-CONNECT:2:5000',
  );
});
