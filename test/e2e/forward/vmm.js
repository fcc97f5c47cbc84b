// vmm.js PATH HOW: a virtual machine monitor with a multiplexer at PATH, whose machine answers with the first half of something.
// At SIGUSR2 ends: for HOW "program" only the machine's program; for "listener" the socket first, as if the monitor stopped.
import { createServer } from 'node:net';

const [path, how] = process.argv.slice(2);
const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {});
  socket.once('data', () => {
    socket.write('OK 1073741824\n');
    socket.once('data', () => socket.write('the first half'));
  });
  process.once('SIGUSR2', () => {
    if (how === 'listener') server.close();
    socket.end();
  });
});
server.listen(path, () => console.log('listening'));
