// node mux-connect.js SOCKET PORT: a ProxyCommand for the test bed itself, so that it does not lean on what it tests.
// The multiplexer drops what comes after CONNECT in one read: nothing else is sent before its OK.
import { createConnection } from 'node:net';

const [path = '', port] = process.argv.slice(2);
const socket = createConnection(path);
/** @type {Buffer} */
let head = Buffer.alloc(0);
socket.on('error', (error) => process.stderr.write(`${error.message}\n`, () => process.exit(1)));
socket.on('data', untilOk);
socket.write(`CONNECT ${port}\n`);
socket.on('close', () => process.exit());

/** @param {Buffer} part */
function untilOk(part) {
  head = Buffer.concat([head, part]);
  const end = head.indexOf('\n');
  if (end < 0) return;
  socket.removeListener('data', untilOk);
  process.stdout.write(head.subarray(end + 1));
  socket.pipe(process.stdout);
  process.stdin.pipe(socket);
}
