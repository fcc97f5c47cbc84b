// Run by budget.js in namespaces of its own: node world.js work|steps PROGRAM HARNESS [ROW…]. Counts each path in a made-up system,
// by valgrind, or by the program that counts its own steps; and prints JSON.
/** @import { Counted, Machines, Row } from './types.js' */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { callsIn, instructionsIn, stepsIn } from './count.js';
import { firstLogin, hostKey, program, rows } from './rows.js';

const own = '/run/w';
const machined = '/run/systemd/machine/io.systemd.Machine';

/** A container of systemd-nspawn, whose key is read in its root folder. */
const one = {
  ...{ name: 'web', id: '5e1f0000000040008000000000000001', class: 'container', service: 'systemd-nspawn' },
  ...{
    unit: 'machine-web.scope',
    leader: { pid: 1 },
    rootDirectory: '/run/w/root/web',
    sshAddress: 'unix/run/w/socket',
  },
};

/** @param {number} index */
const manyNth = (index) => ({
  ...{
    name: `machine-${index}`,
    id: `5e1f000000004000a000${index.toString(16).padStart(12, '0')}`,
    class: 'vm',
  },
  ...{ service: 'libvirt-qemu', unit: `machine-${index}.scope`, leader: { pid: (1 << 22) + index } },
  ...{ vSockCid: index + 3, sshAddress: `vsock/${index + 3}` },
});

const sshScript = `#!/bin/sh
for word; do case $word in
-V) echo 'OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.17' >&2; exit ;;
-G) exec /usr/bin/cat ${own}/settings ;;
esac; done
`;
const sshSettings = `host machine-7
user root
hostname machine-7
port 22
stricthostkeychecking ask
proxyusefdpass yes
proxycommand ${program} proxy --fdpass --record --typed machine-7 machine/machine-7 22
casignaturealgorithms ssh-ed25519
userknownhostsfile /run/w/home/.ssh/known_hosts
`;

const [, , what, file = '', harness = '', ...names] = process.argv;
const none = { instructions: 0, functions: {}, calls: {}, steps: {} };
/** @type {Record<string, Counted>} */
const counted = {};

makeSystem();
for (const row of rows.filter(({ id }) => names.length === 0 || names.includes(id)))
  counted[row.id] = await count(row);
writeFileSync(1, JSON.stringify(counted));
process.exit(0);

/** Nothing of this machine but /usr, in which nothing is looked for. */
function makeSystem() {
  const [copy, mode] = [readFileSync(file), readFileSync(harness)];
  for (const folder of ['/run', '/var', '/etc'])
    execFileSync('/usr/bin/mount', ['-t', 'tmpfs', '-o', 'mode=755', 'none', folder]);
  makeDevices();
  writeFileSync('/etc/passwd', 'root:x:0:0:root:/run/w/home:/bin/sh\n');
  writeFileSync('/etc/nsswitch.conf', 'passwd: files\n');
  mkdirSync(`${own}/bin`, { recursive: true, mode: 0o700 });
  mkdirSync('/run/w/root/web/etc/ssh', { recursive: true });
  writeFileSync('/run/w/root/web/etc/ssh/ssh_host_ed25519_key.pub', `${hostKey} root@web\n`);
  writeFileSync(program, copy, { mode: 0o755 });
  writeFileSync(`${own}/harness`, mode, { mode: 0o755 });
  // Of all programs only ssh, and what would log in ends at once.
  writeFileSync(`${own}/bin/ssh`, sshScript, { mode: 0o755 });
  writeFileSync(`${own}/settings`, sshSettings);
}

/** A /dev with the same on every machine: a source looks at all processes where KVM is. */
function makeDevices() {
  mkdirSync('/run/dev');
  for (const name of ['null', 'zero', 'urandom', 'kvm']) {
    writeFileSync(`/run/dev/${name}`, '');
    if (name !== 'kvm') execFileSync('/usr/bin/mount', ['--bind', `/dev/${name}`, `/run/dev/${name}`]);
  }
  execFileSync('/usr/bin/mount', ['--rbind', '/run/dev', '/dev']);
}

/** @param {Row} row @returns {Promise<Counted>} */
async function count(row) {
  const server = row.machines && (await serve(row.machines));
  const sleepers = await start(row.processes ?? 0);
  const [profile, log, steps] = [`${own}/profile`, `${own}/log`, `${own}/steps`];
  const callgrind = ['--tool=callgrind', `--callgrind-out-file=${profile}`];
  const valgrind = ['/usr/bin/valgrind', ...callgrind, '--trace-syscalls=yes', `--log-file=${log}`];
  await runOnce(row, what === 'steps' ? ['/usr/bin/env', `VMSSH_STEPS=${steps}`] : valgrind);
  for (const each of sleepers) each.kill('SIGKILL');
  server?.close();
  if (what === 'steps') return { ...none, steps: stepsIn(readFileSync(steps)) };
  const found = instructionsIn(readFileSync(profile, 'latin1'), readFileSync(program));
  return { ...none, ...found, calls: callsIn(readFileSync(log, 'latin1')) };
}

/** @param {number} many */
async function start(many) {
  const all = Array.from({ length: many }, () =>
    spawn('/usr/bin/sleep', ['1000'], { stdio: 'ignore', env: {} }),
  );
  await Promise.all(all.map((each) => once(each, 'spawn')));
  return all;
}

/** Starts the program under a tool, always as the same pid. @param {Row} row @param {readonly string[]} tool */
async function runOnce({ wires, home = 'empty', before, args }, tool) {
  await makeHome(home);
  const words = [...tool, program, ...args];
  await inHarness(wires, before ? asSsh(words, before) : words);
}

/** Both by one process, as by ssh: a proxy leaves its record for that. @param {readonly string[]} words @param {Row['before']} before */
function asSsh(words, before = []) {
  const lines = [[program, ...before], words].map((each) => each.map(quoted).join(' '));
  // What the second one says is not ssh's banner.
  return ['/bin/sh', '-c', `${lines.join(' && ')} >/dev/null; exit $?`];
}

/** @param {Row['wires']} wires @param {readonly string[]} command */
async function inHarness(wires, command) {
  const mode = { socket: 'banner-fd', pipes: 'banner-pipes', nothing: 'process' }[wires];
  writeFileSync('/proc/sys/kernel/ns_last_pid', '9999');
  const child = spawn(
    `${own}/harness`,
    [mode, '--wait', 'yes', '--socket', `${own}/socket`, '--', ...command],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: own,
      env: {
        HOME: `${own}/home`,
        PATH: `${own}/bin`,
        XDG_RUNTIME_DIR: `${own}/user`,
        VALGRIND_LIB: '/usr/libexec/valgrind',
      },
    },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${said}`);
}

/** A home as one of its kinds, made once by the program itself. @param {NonNullable<Row['home']>} kind */
async function makeHome(kind) {
  for (const folder of ['home', 'user']) {
    rmSync(`${own}/${folder}`, { recursive: true, force: true });
    mkdirSync(`${own}/${folder}`, { recursive: true, mode: 0o700 });
  }
  if (kind === 'empty') return;
  const saved = `${own}/home-${kind}`;
  if (!existsSync(saved)) {
    mkdirSync(`${own}/home/.ssh`, { mode: 0o700 });
    const [file, { name }] = [`${own}/home/.ssh/vmssh.conf`, kind === 'many' ? manyNth(589) : one];
    const isThere = () => existsSync(file) && readFileSync(file, 'utf8').includes(`machine/${name} `);
    // On a busy machine the list may come too late for it.
    for (let tries = 0; tries < 20 && !isThere(); ++tries)
      await inHarness('nothing', [program, 'config', 'install', '--no-fresh']);
    if (!isThere()) throw new Error(`config install wrote no Host for machine/${name}`);
    if (kind === 'known') await inHarness('socket', asSsh([program, ...firstLogin.args], firstLogin.before));
    cpSync(`${own}/home`, saved, { recursive: true, preserveTimestamps: true });
  } else cpSync(saved, `${own}/home`, { recursive: true, preserveTimestamps: true });
}

/** A stand-in for systemd-machined 257 with the machines of a kind. @param {Machines} kind */
async function serve(kind) {
  const count = kind === 'many' ? 590 : 1;
  const replies = Array.from({ length: count }, (_, index) => ({
    parameters: kind === 'many' ? manyNth(index) : one,
    ...(index < count - 1 ? { continues: true } : {}),
  }));
  const answer = Buffer.from(replies.map((each) => `${JSON.stringify(each)}\0`).join(''));
  mkdirSync(dirname(machined), { recursive: true });
  const server = createServer((peer) => peer.once('data', () => peer.end(answer)).on('error', () => {}));
  await once(server.listen(machined), 'listening');
  return server;
}

/** @param {string} word */
function quoted(word) {
  return `'${word}'`;
}
