// Sockets with a command each, as systemd's socket units start it: node machines.js '[{"at": "/path", "command": ["sshd", "-i"]}]'
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

/** @type {readonly { readonly at: string | number, readonly command: readonly string[] }[]} */
const machines = JSON.parse(process.argv[2] ?? '');
await Promise.all(machines.map(listen));
console.log('listening');

/** @param {{ readonly at: string | number, readonly command: readonly string[] }} machine */
function listen({ at, command: [program = '', ...args] }) {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    const child = spawn(program, args, { stdio: [socket, socket, 'ignore'] });
    child.once('spawn', () => socket.destroy());
  });
  return new Promise((resolve) => server.listen(at, () => resolve(undefined)));
}
