// Builds the sshd that vmssh brings into a machine: node build/sshd/all.js [--target linux-x64|linux-arm64]; by default both.
import { parseArgs } from 'node:util';
import { isLinuxTarget } from '../../native/build-flags.js';
import { buildSshd } from './build.js';

const { values } = parseArgs({ options: { target: { type: 'string' } } });
for (const target of values.target === undefined ? ['linux-x64', 'linux-arm64'] : [values.target]) {
  if (!isLinuxTarget(target)) throw new Error(`--target ${target}: linux-x64 or linux-arm64`);
  await buildSshd(target);
}
