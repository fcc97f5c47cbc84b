import { appendFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { World } from './world.js';

const yes = ['y\n'];

/** What is typed, by the name of the file that has it and what the terminal shows. */
export const scenes: Readonly<Record<string, (at: World) => Promise<void>>> = {
  async list(at) {
    await at.types('vmssh list', 'none');
    at.makes('web');
    at.makes('db');
    await at.types('vmssh list', 'nothing is set up');
    await at.does('vmssh config install', ['n\n']);
    at.makes('node-3');
    at.turnsOff('db');
    at.lists('mint', 'web');
    await at.types('vmssh list', 'later');
    await at.types('vmssh list -o wide');
  },

  async setup(at) {
    at.makes('web');
    await at.types('vmssh list');
    await at.types('vmssh setup --dry-run web', 'the plan, and no question');
    await at.types('vmssh setup web', 'answered with no', ['n\n']);
    await at.types('vmssh setup web', '', yes);
    await at.types('ssh web', '', ['exit\n']);
    await at.types('vmssh setup web', 'again');
    await at.types('vmssh setup --undo web', '', yes);
    await at.types('vmssh setup --undo web', 'again');
  },

  async 'setup-two'(at) {
    at.makes('web');
    at.makes('db');
    await at.types('vmssh setup web db', '', yes);
    await at.types('vmssh setup web db', 'again');
    at.turnsOff('db');
    await at.types('vmssh setup web db', 'db is off');
  },

  async 'setup-stops'(at) {
    for (const name of ['web', 'db']) at.makes(name);
    at.makes('old', { hasNoSshd: true });
    at.turnsOff('db');
    await at.types('vmssh setup db', 'it is off');
    await at.types('vmssh setup old', 'no SSH server in it');
    await at.types('vmssh setup --dry-run --install-sshd old');
    await at.types('vmssh setup nosuch', 'no such machine');
    appendFileSync(join(at.root('web'), 'etc/ssh/sshd_config'), 'AllowUsers nobody\n');
    await at.types('vmssh setup web', 'its sshd keeps root out');
    at.keyless();
    await at.types('vmssh setup web', 'no key at home');
  },

  async check(at) {
    at.makes('web');
    await at.does('vmssh config install', ['n\n']);
    await at.types('vmssh check web', 'no key of yours in it');
    at.letsIn('web');
    await at.types('vmssh check web', 'all is well');
    await at.types('vmssh check -v web');
    await at.types('vmssh guest check web');
    at.turnsOff('web');
    await at.types('vmssh check web', 'it is off');
    at.turnsOff('web', false);
    at.keyless();
    await at.types('vmssh check web', 'no key at home');
  },

  async 'check-three'(at) {
    at.makes('web');
    at.letsIn('web');
    at.makes('old', { hasNoSshd: true });
    await at.does('vmssh config install', ['n\n']);
    await at.types('vmssh check web old wbe', 'in the order typed');
    at.makes('vm');
    at.letsIn('vm');
    at.lists('mint', 'vm');
    await at.does('vmssh config install -o StrictHostKeyChecking=accept-new', ['n\n']);
    await at.does('ssh mint true');
    at.rekeys('vm');
    await at.types('vmssh check mint', 'another host key');
  },

  async ssh(at) {
    at.makes('web');
    at.letsIn('web');
    await at.types('ssh web', 'before anything');
    await at.types('vmssh ssh wbe', 'a typing mistake');
    await at.does('vmssh config install', ['n\n']);
    await at.types('ssh web', 'podman confirms the host key', ['exit\n']);
    await at.types('ssh web hostname');
    at.turnsOff('web');
    await at.types('ssh web', 'it is off');
    await at.types('vmssh ssh web', 'it is off');
    at.makes('web', { again: true });
    await at.types('ssh web', 'made again');
  },

  async 'ssh-keys'(at) {
    at.makes('vm');
    at.letsIn('vm');
    at.lists('mint', 'vm');
    await at.does('vmssh config install', ['n\n']);
    await at.types('ssh mint hostname', 'nobody confirms the host key: ssh asks', ['yes\n']);
    await at.types('ssh mint hostname');
    at.rekeys('vm');
    await at.types('ssh mint', 'another host key');
    await at.types('vmssh forget mint', '', yes);
    await at.types('vmssh forget mint', 'again');
  },

  async config(at) {
    at.makes('web');
    at.makes('db');
    await at.types('vmssh config diff');
    await at.types('vmssh config install', '', ['n\n']);
    at.turnsOff('db');
    await at.types('vmssh config install', 'again; db is off', ['n\n']);
    at.makes('node-7');
    await at.types('vmssh config diff', 'node-7 is new');
    await at.types('vmssh config diff -v');
    await at.types('vmssh config uninstall');
    await at.types('vmssh config uninstall', 'again');
  },

  async doctor(at) {
    at.makes('web');
    await at.types('vmssh doctor', 'one problem');
    await at.does('vmssh config install', ['n\n']);
    await at.types('vmssh doctor', 'all is well');
  },

  async forward(at) {
    at.makes('web');
    at.letsIn('web');
    await at.types('vmssh forward web 22 0', '', ['\x03']);
    const server = createServer();
    await new Promise<void>((listens) => server.once('error', listens).listen(2222, '127.0.0.1', listens));
    await at.types('vmssh forward web 22 2222', 'another program listens there');
    server.close();
  },

  async mistakes(at) {
    at.makes('web');
    await at.types('vmssh');
    await at.types('vmssh lst');
    await at.types('vmssh list --jsn');
    await at.types('vmssh completion');
    await at.types('vmssh check wbe');
  },

  async source(at) {
    await at.types('vmssh source list');
    await at.types('vmssh source add sbx', 'answered with no', ['n\n']);
    await at.does('vmssh source add sbx', yes);
    await at.types('vmssh source list', 'later');
    at.makes('web');
    at.has({ sbx: 'echo "its daemon does not run" >&2; exit 1', jq: 'cat; exit 4' });
    await at.types('vmssh list', 'sbx does not answer');
    await at.types('vmssh source remove sbx', '', yes);
  },
};

/** What README.md's picture shows. */
export async function picture(at: World): Promise<void> {
  at.makes('web');
  at.makes('db');
  at.turnsOff('db');
  await at.types('vmssh list');
  await at.types('vmssh setup web', '', yes);
  await at.types('ssh web', '', ['cat /etc/hostname\n', 'exit\n']);
  await at.types('echo milk >notes.txt && scp -q notes.txt web: && ssh web cat notes.txt');
  await at.types('vmssh check wbe');
}
