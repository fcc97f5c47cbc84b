import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** @param {string | undefined} sanitize */
export function compilerFlags(sanitize) {
  return ['-std=c++17', '-Wall', '-Wextra', '-Werror', '-DNAPI_VERSION=8', ...codeFlags(sanitize)];
}

/**
 * Flags for generating code, for C and C++.
 * @param {string | undefined} sanitize
 */
export function codeFlags(sanitize) {
  const common = ['-fPIC', '-fvisibility=hidden', '-fstack-protector-strong'];
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
  const map = `-Wl,--version-script=${join(here, 'exports.map')}`;
  return [...common, '-s', '-static-libstdc++', '-static-libgcc', '-Wl,--gc-sections', map];
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

/** @param {string} sanitize */
function sanitizerFlags(sanitize) {
  return [sanitize === 'address' ? '-fsanitize=address,undefined' : '-fsanitize=thread'];
}
