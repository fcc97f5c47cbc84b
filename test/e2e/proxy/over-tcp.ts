import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { outcome } from '../../helpers/run.js';

/** Runs a program whose stdin and stdout are one TCP socket: what it writes there, and its exit code. */
export async function overTcp([program = '', ...args]: readonly string[]) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const theirs = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [ours] = (await once(server, 'connection')) as [Socket];
  const written = ours.setEncoding('utf8').toArray();
  const child = spawn(program, args, { stdio: [theirs, theirs, 'pipe'] });
  theirs.destroy();
  const { code, stderr } = await outcome(child as never);
  server.close();
  return { code, stderr, written: (await written).join('') };
}
