// Makes dist/package in the current folder, a clone that is released: without those for Windows, and with the executables and the sshd of this checkout, in
// which the clone's version stands in place of its own. Compiling them for each build of a rehearsal would take hours.
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { linuxTargets } from '../../build/package/architectures.js';

const own = fileURLToPath(new URL('../..', import.meta.url));
const [version, ownVersion] = ['.', own].map(
  (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version,
);
if (version.length !== ownVersion.length) throw new Error(`${version} is not as long as ${ownVersion}`);
for (const target of linuxTargets) {
  const from = join(own, 'dist', target);
  const to = join('dist', target);
  mkdirSync(to, { recursive: true });
  copyFileSync(join(from, 'LICENSES'), join(to, 'LICENSES'));
  const bytes = readFileSync(join(from, 'vmssh'), 'latin1').replaceAll(ownVersion, version);
  writeFileSync(join(to, 'vmssh'), bytes, { encoding: 'latin1', mode: 0o755 });
}
cpSync(join(own, 'dist/sshd'), 'dist/sshd', { recursive: true });
process.exitCode = [['build/node.js', '--no-executable'], ['build/types.js'], ['build/package/package.js']]
  .map((args) => () => spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1)
  .reduce((status, step) => status || step(), 0);
