import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** @typedef {'linux-x64' | 'linux-arm64'} LinuxTarget as Node names the platform and the processor */

/** @type {Readonly<Record<string, string>>} */
const prefixes = { 'linux-x64': 'x86_64-linux-gnu-', 'linux-arm64': 'aarch64-linux-gnu-' };

/** @param {string} name @returns {name is LinuxTarget} */
export function isLinuxTarget(name) {
  return Object.hasOwn(prefixes, name);
}

/** The system that this build runs on. */
export const thisSystem = `${process.platform}-${process.arch}`;

/**
 * What the names of a target's compiler and tools begin with, and of Debian's package of it end with: nothing, if it is this system.
 * @param {string} target
 */
export function toolPrefix(target) {
  return target === thisSystem ? '' : (prefixes[target] ?? '');
}

/** @param {string | undefined} sanitize @param {string} [target] */
export function compilerFlags(sanitize, target) {
  return ['-std=c++17', '-Wall', '-Wextra', '-Werror', '-DNAPI_VERSION=8', ...codeFlags(sanitize, target)];
}

/**
 * Flags for generating code, for C and C++.
 * @param {string | undefined} sanitize
 * @param {string} [target]
 */
export function codeFlags(sanitize, target = thisSystem) {
  const common = ['-fPIC', '-fvisibility=hidden', '-fstack-protector-strong'];
  // Return addresses are signed, and only marked places can be jumped to, by processors that know how.
  if (target === 'linux-arm64') common.push('-mbranch-protection=standard');
  if (sanitize) return [...common, '-O1', '-g', '-fno-omit-frame-pointer', ...sanitizerFlags(sanitize)];
  // Checks of sizes, if the libc is glibc.
  return [
    ...common,
    '-O2',
    '-U_FORTIFY_SOURCE',
    '-D_FORTIFY_SOURCE=2',
    '-ffunction-sections',
    '-fdata-sections',
  ];
}

/** @param {string | undefined} sanitize */
export function addonFlags(sanitize) {
  // nodelete: a worker's end unloads its addons, but a relay's thread may still be running.
  const common = ['-shared', '-pthread', '-Wl,-z,nodelete', '-Wl,-z,now', '-Wl,-z,relro'];
  if (sanitize) return [...common, ...sanitizerFlags(sanitize)];
  // Not -Wl, which ends at a comma in a folder's name.
  const map = ['-Xlinker', `--version-script=${join(here, 'exports.map')}`];
  return [...common, '-s', '-static-libstdc++', '-static-libgcc', '-Wl,--gc-sections', ...map];
}

/**
 * Static: without a loader it starts in two thirds of the time, with a third of the private memory,
 * and on any glibc.
 * @param {string | undefined} sanitize
 */
export function programFlags(sanitize) {
  const common = ['-Wl,-z,now', '-Wl,-z,relro'];
  if (sanitize) return [...common, '-pie', ...sanitizerFlags(sanitize)];
  return [...common, '-static-pie', '-s', '-Wl,--gc-sections'];
}

const address = '-fsanitize=address,undefined';

/** @type {Readonly<Record<string, readonly string[]>>} */
const sanitizers = {
  address: [address],
  thread: ['-fsanitize=thread'],
  // By clang, which does not define the macro as gcc does.
  fuzzer: [address, '-fno-sanitize-recover=undefined', '-D__SANITIZE_ADDRESS__'],
};

/** @param {string} sanitize */
function sanitizerFlags(sanitize) {
  const flags = sanitizers[sanitize];
  if (!flags) throw new Error(`no sanitizer "${sanitize}": one of ${Object.keys(sanitizers).join(', ')}`);
  return [...flags];
}
