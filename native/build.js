import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { addonFlags, compilerFlags, isLinuxTarget, thisSystem, toolPrefix } from './build-flags.js';

const here = dirname(fileURLToPath(import.meta.url));
const addonName = 'node-hvsock-native.node';

/**
 * @typedef {object} BuildOptions
 * @property {boolean} [force] compiles everything again
 * @property {'address' | 'thread'} [sanitize] for AddressSanitizer or ThreadSanitizer, in build/ instead of prebuilds/
 * @property {boolean} [quiet] prints nothing
 * @property {string} [target] the system that it is cross-compiled for, as "linux-arm64"; without it, this one
 *
 * @typedef {{ built: true, path: string, upToDate: boolean } | { built: false, reason: string }} BuildResult
 */

/**
 * Compiles the addon for Linux. Throws if the compiler reports errors.
 * @param {BuildOptions} [options]
 * @returns {Promise<BuildResult>}
 */
export async function buildNative({ force = false, sanitize, quiet = false, target = thisSystem } = {}) {
  if (process.platform !== 'linux') return { built: false, reason: `no build for ${process.platform} yet` };
  const log = quiet ? () => {} : (/** @type {string} */ line) => console.error(line);
  const path = outputPath(sanitize, target);
  const flags = compilerFlags(sanitize, target);
  const sources = sourceFiles(process.platform);
  const inputs = [...sources, ...files('src', '.h'), 'exports.map', 'build.js', 'build-flags.js'];
  const stamp = hash([...flags, ...inputs.map((name) => readFileSync(join(here, name), 'utf8'))]);
  const objects = join(here, 'build', sanitize ?? (target === thisSystem ? 'release' : target));
  const stampPath = join(objects, 'stamp');
  if (!force && existsSync(path) && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) {
    return { built: true, path, upToDate: true };
  }

  const prefix = toolPrefix(target);
  const compilers = prefix
    ? [`${prefix}g++`]
    : [...(process.env.CXX ? [process.env.CXX] : []), 'g++', 'c++', 'clang++'];
  const compiler = compilers.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  if (!compiler) {
    const install = prefix
      ? `apt-get install g++-${prefix.slice(0, -1).replace('_', '-')}`
      : 'apt-get install g++';
    return { built: false, reason: `no C++ compiler found (tried ${compilers.join(', ')}); ${install}` };
  }
  const include = headers();
  if (!include)
    return {
      built: false,
      reason: 'the package node-api-headers is not installed; npm install node-api-headers',
    };

  const work = join(objects, `${process.pid}`);
  mkdirSync(work, { recursive: true });
  try {
    const objectOf = (/** @type {string} */ source) => join(work, `${sources.indexOf(source)}.o`);
    const jobs = sources.map((source) => () => {
      log(`c++ ${source}`);
      return run(compiler, [...flags, '-isystem', include, '-c', source, '-o', objectOf(source)]);
    });
    await inParallel(jobs, availableParallelism());
    log(`link ${path}`);
    const linked = join(work, addonName);
    await run(compiler, [...sources.map(objectOf), ...addonFlags(sanitize), '-o', linked]);
    mkdirSync(dirname(path), { recursive: true });
    chmodSync(linked, 0o755);
    renameSync(linked, path);
    writeFileSync(stampPath, stamp);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { built: true, path, upToDate: false };
}

/** @param {string | undefined} sanitize @param {string} target */
function outputPath(sanitize, target) {
  if (sanitize) return join(here, 'build', sanitize, addonName);
  return join(here, 'prebuilds', target, addonName);
}

/**
 * Of foo_linux.cpp and foo_win32.cpp the system's own; always those without such an ending.
 * @param {string} platform
 */
export function sourceFiles(platform) {
  const others = ['linux', 'win32'].filter((name) => name !== platform);
  return files('src', '.cpp').filter((name) => !others.some((other) => name.endsWith(`_${other}.cpp`)));
}

/** Those of a folder and of the folders in it. @param {string} folder @param {string} ending */
export function files(folder, ending) {
  return readdirSync(join(here, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`)
    .sort();
}

/** @param {string[]} parts */
export function hash(parts) {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** The folder of node_api.h. @returns {string | undefined} */
export function headers() {
  try {
    return createRequire(import.meta.url)('node-api-headers').include_dir;
  } catch {
    return undefined;
  }
}

/** @param {string} command @param {string[]} args @param {string} [cwd] */
export function run(command, args, cwd = here) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
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
  const worker = async () => {
    for (let job = rest.shift(); job; job = rest.shift()) await job();
  };
  await Promise.all(Array.from({ length: width }, worker));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      force: { type: 'boolean' },
      sanitize: { type: 'string' },
      quiet: { type: 'boolean' },
      optional: { type: 'boolean' },
      target: { type: 'string' },
    },
  });
  const { optional, sanitize, ...options } = values;
  if (sanitize !== undefined && sanitize !== 'address' && sanitize !== 'thread')
    throw new Error(`--sanitize takes address or thread, not ${sanitize}`);
  if (options.target !== undefined && !isLinuxTarget(options.target))
    throw new Error(`--target takes linux-x64 or linux-arm64, not ${options.target}`);
  const result = await buildNative({ ...options, ...(sanitize && { sanitize }) });
  if (result.built) {
    if (!options.quiet) console.error(`${result.path}${result.upToDate ? ' is up to date' : ''}`);
  } else {
    console.error(`node-hvsock-native: ${result.reason}`);
    process.exitCode = optional ? 0 : 1;
  }
}
