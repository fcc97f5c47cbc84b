// Builds the sshd that vmssh brings into a machine: node build/sshd/all.js [--target linux-x64|linux-arm64] [--package]; by default for both
// processors. --package packs each into dist/ too, as a Debian package and as a tarball.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isLinuxTarget } from '../../native/build-flags.js';
import { root } from '../bundle/bundle.js';
import { buildSshd } from './build.js';
import { makeSshdPackages } from './packages.js';

const { values } = parseArgs({ options: { target: { type: 'string' }, package: { type: 'boolean' } } });
for (const target of values.target === undefined ? ['linux-x64', 'linux-arm64'] : [values.target]) {
  if (!isLinuxTarget(target)) throw new Error(`--target ${target}: linux-x64 or linux-arm64`);
  try {
    await buildSshd(target);
    if (!values.package) continue;
    const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    for (const path of makeSshdPackages(target, join(root, 'dist'), about)) console.log(path);
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exit(1);
  }
}
