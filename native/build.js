import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const addonName = 'node-hvsock-native.node';

/**
 * @typedef {object} BuildOptions
 * @property {boolean} [force] compiles everything anew
 * @property {'address' | 'thread'} [sanitize] for AddressSanitizer or ThreadSanitizer, in build/ instead of prebuilds/
 * @property {boolean} [quiet] prints nothing
 *
 * @typedef {{ built: true, path: string, upToDate: boolean } | { built: false, reason: string }} BuildResult
 */

/**
 * Compiles the addon for this system. Throws where the compiler finds mistakes.
 * @param {BuildOptions} [options]
 * @returns {Promise<BuildResult>}
 */
export async function buildNative({ force = false, sanitize, quiet = false } = {}) {
  if (process.platform !== 'linux') return { built: false, reason: `no build for ${process.platform} yet` };
  const log = quiet ? () => {} : (/** @type {string} */ line) => console.error(line);
  const path = outputPath(sanitize);
  const flags = compilerFlags(sanitize);
  const sources = sourceFiles(process.platform);
  const inputs = [...sources, ...files('src', '.h').sort(), 'exports.map', 'build.js'];
  const stamp = hash([...flags, ...inputs.map((name) => readFileSync(join(here, name), 'utf8'))]);
  const stampPath = join(here, 'build', sanitize ?? 'release', 'stamp');
  if (!force && existsSync(path) && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) {
    return { built: true, path, upToDate: true };
  }

  const compiler = findCompiler();
  if (!compiler)
    return {
      built: false,
      reason: `no C++ compiler found (tried ${compilers().join(', ')}); apt-get install g++`,
    };
  const include = headers();
  if (!include)
    return {
      built: false,
      reason: 'the package node-api-headers is not installed; npm install node-api-headers',
    };

  const work = join(here, 'build', sanitize ?? 'release', `${process.pid}`);
  mkdirSync(work, { recursive: true });
  try {
    const objects = sources.map((_, index) => join(work, `${index}.o`));
    const jobs = sources.map((source, index) => () => {
      log(`c++ ${source}`);
      return run(compiler, [...flags, '-isystem', include, '-c', source, '-o', objects[index]]);
    });
    await inParallel(jobs, availableParallelism());
    log(`link ${path}`);
    const linked = join(work, addonName);
    await run(compiler, [...objects, ...linkerFlags(sanitize), '-o', linked]);
    mkdirSync(dirname(path), { recursive: true });
    renameSync(linked, path);
    writeFileSync(stampPath, stamp);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { built: true, path, upToDate: false };
}

/** @param {string | undefined} sanitize */
function outputPath(sanitize) {
  if (sanitize) return join(here, 'build', sanitize, addonName);
  return join(here, 'prebuilds', `${process.platform}-${process.arch}`, addonName);
}

/** @param {string | undefined} sanitize */
function compilerFlags(sanitize) {
  const common = ['-std=c++17', '-fPIC', '-fvisibility=hidden', '-Wall', '-Wextra', '-Werror'];
  const defines = ['-DNAPI_VERSION=8'];
  if (sanitize === 'address')
    return [...common, ...defines, '-O1', '-g', '-fno-omit-frame-pointer', '-fsanitize=address,undefined'];
  if (sanitize === 'thread') return [...common, ...defines, '-O1', '-g', '-fsanitize=thread'];
  return [...common, ...defines, '-O2', '-ffunction-sections', '-fdata-sections'];
}

/** @param {string | undefined} sanitize */
function linkerFlags(sanitize) {
  // nodelete: a worker's end unloads its addons, but a relay's thread may still be on its way out.
  const common = ['-shared', '-pthread', '-Wl,-z,nodelete', '-Wl,-z,now', '-Wl,-z,relro'];
  if (sanitize)
    return [...common, sanitize === 'address' ? '-fsanitize=address,undefined' : '-fsanitize=thread'];
  const map = `-Wl,--version-script=${join(here, 'exports.map')}`;
  return [...common, '-s', '-static-libstdc++', '-static-libgcc', '-Wl,--gc-sections', map];
}

/**
 * Of foo_linux.cpp, foo_win32.cpp and foo_stub.cpp the system's own, else the stub; what has no such ending always.
 * @param {string} platform
 */
export function sourceFiles(platform) {
  const all = files('src', '.cpp');
  const others = ['linux', 'win32'].filter((name) => name !== platform);
  return all.filter((name) => {
    if (others.some((other) => name.endsWith(`_${other}.cpp`))) return false;
    return !name.endsWith('_stub.cpp') || !all.includes(name.replace('_stub.cpp', `_${platform}.cpp`));
  });
}

/** @param {string} folder @param {string} ending */
export function files(folder, ending) {
  return readdirSync(join(here, folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`)
    .sort();
}

/** @param {string[]} parts */
export function hash(parts) {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function compilers() {
  return [process.env.CXX, 'g++', 'c++', 'clang++'].filter((name) => name !== undefined && name !== '');
}

function findCompiler() {
  return compilers().find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

export function headers() {
  try {
    return createRequire(import.meta.url)('node-api-headers').include_dir;
  } catch {
    return undefined;
  }
}

/** @param {string} command @param {string[]} args */
export function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: here, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve(undefined);
      else reject(new Error(`${command} ended with ${code}: ${args.join(' ')}`));
    });
  });
}

/** @param {(() => Promise<unknown>)[]} jobs @param {number} width */
export async function inParallel(jobs, width) {
  const rest = [...jobs];
  const lane = async () => {
    for (let job = rest.shift(); job; job = rest.shift()) await job();
  };
  await Promise.all(Array.from({ length: width }, lane));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      force: { type: 'boolean' },
      sanitize: { type: 'string' },
      quiet: { type: 'boolean' },
      optional: { type: 'boolean' },
    },
  });
  const { optional, ...options } = values;
  const result = await buildNative(options);
  if (result.built) {
    if (!options.quiet) console.error(`${result.path}${result.upToDate ? ' is up to date' : ''}`);
  } else {
    console.error(`node-hvsock-native: ${result.reason}`);
    process.exitCode = optional ? 0 : 1;
  }
}
