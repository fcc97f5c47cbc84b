// vmm.js PATH HOW: a virtual machine monitor with a multiplexer at PATH, whose machine answers with the first half of something.
// At SIGUSR2 ends: for HOW "program" only the machine's program; for "listener" the socket first, as if the monitor stopped; for
// "restarts" too, and then it listens anew, as vhost-device-vsock does when its machine is gone.
import { createServer } from 'node:net';

const [path, how] = process.argv.slice(2);
const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {});
  socket.once('data', () => {
    socket.write('OK 1073741824\n');
    socket.once('data', () => socket.write('the first half'));
  });
  process.once('SIGUSR2', () => {
    if (how !== 'program') server.close();
    if (how !== 'restarts') return socket.end();
    socket.destroy();
    socket.once('close', () => createServer().listen(path, () => console.log('listening again')));
  });
});
server.listen(path, () => console.log('listening'));
