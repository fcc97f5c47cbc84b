// node machine.js FOLDER ROOT: a stand-in for systemd-machined at FOLDER/io.systemd.Machine, which lists one machine, "mint". Its sshd,
// at FOLDER/mint.sock, is that of the system in ROOT. The private key for it is FOLDER/key. Ends with its stdin.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const [folder = '', root = ''] = process.argv.slice(2);
/** The folder as the visitor sees it. */
const seen = '/run/systemd/machine';

const machine = {
  name: 'mint',
  id: '0d6f2a51c34b4e0f9c1d7b5a3e8f6042',
  class: 'vm',
  service: 'stand-in',
  sshAddress: `unix${seen}/mint.sock`,
  sshPrivateKeyPath: `${seen}/key`,
};

makeKeys();
// As systemd's socket unit does it: one sshd for each connection.
const sshd = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
  const command = ['--uts', 'sh', '-c', 'hostname mint && exec chroot "$0" /usr/sbin/sshd -i', root];
  spawn('unshare', command, { stdio: [socket, socket, 'ignore'] }).once('spawn', () => socket.destroy());
});
const machined = createServer((peer) => {
  let asked = '';
  peer
    .on('error', () => {})
    .on('data', (data) => {
      const messages = (asked + data).split('\0');
      asked = messages.pop() ?? '';
      for (const message of messages) peer.write(`${JSON.stringify(answer(JSON.parse(message)))}\0`);
    });
});
const opened = [sshd.listen(join(folder, 'mint.sock')), machined.listen(join(folder, 'io.systemd.Machine'))];
await Promise.all(opened.map((server) => new Promise((listens) => server.once('listening', listens))));
for (const name of ['mint.sock', 'io.systemd.Machine']) chmodSync(join(folder, name), 0o666);
process.stdout.write('ready\n');
process.stdin.resume().once('end', () => process.exit());

/** @param {{ parameters?: { name?: string } }} question */
function answer({ parameters }) {
  const { name = machine.name } = parameters ?? {};
  if (name === machine.name) return { parameters: machine };
  return { error: 'io.systemd.Machine.NoSuchMachine', parameters: {} };
}

function makeKeys() {
  const key = join(folder, 'key');
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key], { stdio: 'inherit' });
  mkdirSync(join(root, 'home/visitor/.ssh'), { recursive: true });
  copyFileSync(`${key}.pub`, join(root, 'home/visitor/.ssh/authorized_keys'));
  mkdirSync(join(root, 'run/sshd'), { recursive: true, mode: 0o755 });
}
