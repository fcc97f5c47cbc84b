// Builds the Linux executable: node build/exe.js [--target linux-arm64]; for another processor than this one's, the addon as well
import { parseArgs } from 'node:util';
import { buildNative } from '../native/build.js';
import { isLinuxTarget, thisSystem } from '../native/build-flags.js';
import { buildExecutable, executableFolder } from './executable.js';

const { values } = parseArgs({ options: { target: { type: 'string', default: thisSystem } } });
const { target } = values;
if (!isLinuxTarget(target)) fail(`--target takes linux-x64 or linux-arm64, not ${target}`);
const executable = await buildExecutable({ target, folder: executableFolder(target) });
if (!executable.built) fail(executable.reason);
// npm run build makes that of this system.
const addon = target === thisSystem ? undefined : await buildNative({ target, quiet: true });
if (addon?.built === false) fail(`the addon could not be built: ${addon.reason}`);

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(`build:exe: ${message}`);
  process.exit(1);
}
