// Runs a command where Linux starts programs for arm64 by QEMU: node test/e2e/arm64.js COMMAND [ARGUMENT]... As root; Linux 6.7 or newer, and
// qemu-user-static. Only the command's own user namespace is told of it.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';

// The head of an ELF file for arm64, and which of its bits count: binfmt_misc(5). "P": it is told its own name; "F": QEMU is found now.
const head = '\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00';
const mask =
  '\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff';
const line = `:arm64:M::${head}:${mask}:/usr/bin/qemu-aarch64-static:PF`;

const script = `echo >&3 && exec 3>&- && read -r go && set -e
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
printf %s "$0" >/proc/sys/fs/binfmt_misc/register
exec "$@" </dev/null`;
// Signed return addresses take QEMU's own function for them, of a few instructions: with the one of the architecture, `vmssh list` took 3 times the work.
const env = { QEMU_CPU: 'max,pauth-impdef=on', ...process.env };
const child = spawn('unshare', ['--user', '--mount', 'sh', '-c', script, line, ...process.argv.slice(2)], {
  env,
  stdio: ['pipe', 'inherit', 'inherit', 'pipe'],
});
child.on('error', (error) => fail(error.message));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(name, () => child.kill(name));
// Everybody keeps his number there: sshd becomes other users.
child.stdio[3]?.once('data', () => {
  for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${child.pid}/${map}`, '0 0 65536\n');
  child.stdin?.end('go\n');
});

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(`test/e2e/arm64.js: ${message}`);
  process.exit(1);
}
