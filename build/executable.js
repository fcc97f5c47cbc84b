/** @import { LinuxTarget } from './engine/toolchains.js' */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { hash } from '../native/build.js';
import { thisSystem, toolPrefix } from '../native/build-flags.js';
import { root } from './bundle/bundle.js';
import { commitOf } from './bundle/commit.js';
import { buildEngineProgram } from './engine/build.js';
import { licences } from './engine/licences.js';
import { crossMusl, hasMusl } from './engine/musl.js';
import { engineSources } from './engine/sources.js';
import { ownTarget } from './engine/toolchains.js';

/** Where the one for a target lies, with the licences of what is in it. @param {string} [target] */
export function executableFolder(target = ownTarget) {
  return join(root, 'dist', target);
}

const work = join(root, 'native/build/engine');

/** All its inputs except the engine and the compiler. */
const inputs = [
  ...['src', 'native/src', 'native/engine', 'native/build-flags.js', 'build/bundle', 'build/engine'],
  ...['build/executable.js', 'docs/sources', 'package.json', 'package-lock.json'],
];

/**
 * Builds the executable in `folder`. It is not rebuilt if its inputs have not changed; if a tool or the
 * engine's sources are missing, the result says so. Throws if the compiler or the bundler reports errors.
 * @param {object} [options]
 * @param {LinuxTarget} [options.target] this system, unless it is cross-compiled for another one
 * @param {string} [options.folder]
 * @param {number} [options.seconds] for the download of the engine's sources; undefined: as long as it takes
 * @param {NodeJS.ProcessEnv} [options.env]
 * @returns {Promise<{ built: true, upToDate: boolean } | { built: false, reason: string }>}
 */
export async function buildExecutable({
  target = ownTarget,
  folder = executableFolder(target),
  seconds,
  env = process.env,
} = {}) {
  if (target !== thisSystem && (thisSystem !== 'linux-x64' || target !== 'linux-arm64'))
    return { built: false, reason: `not for ${target} on ${thisSystem}` };
  const files = ['vmssh', 'LICENSES'].map((name) => join(folder, name));
  const stampPath = join(work, `${hash([folder, target])}.stamp`);
  const texts = inputs.flatMap((path) => [path, ...textsBelow(join(root, path))]);
  const stamp = hash([hasMusl(target) ? 'musl' : 'glibc', commitOf(root)?.id ?? '', ...texts]);
  if ([...files, stampPath].every((file) => existsSync(file)) && readFileSync(stampPath, 'utf8') === stamp)
    return { built: true, upToDate: true };
  const missing = missingTools(target, env) ?? (await missingSources(target, env, seconds));
  if (missing !== undefined) return { built: false, reason: missing };
  if (!existsSync(join(work, 'compiler')))
    console.error('vmssh: building the executable, which takes a minute the first time');
  if (!hasMusl(target))
    console.error(
      'vmssh: without musl the executable is linked to glibc: it is larger, partly dynamic, and starts more slowly; apt-get install musl-dev',
    );
  const [vmssh = '', list = ''] = files;
  const { sources, packages } = await buildEngineProgram(join(root, 'src/program/executable.ts'), vmssh, {
    target,
    image: true,
  });
  writeFileSync(list, licences(sources, packages, target));
  mkdirSync(dirname(stampPath), { recursive: true });
  writeFileSync(stampPath, stamp);
  return { built: true, upToDate: false };
}

/** @param {LinuxTarget} target @param {NodeJS.ProcessEnv} env */
function missingTools(target, env) {
  const prefix = toolPrefix(target);
  const needed = { gcc: 'g++', 'g++': 'g++' };
  if (prefix)
    Object.assign(needed, {
      [`${prefix}g++`]: `g++-${prefix.slice(0, -1)}`,
      'qemu-aarch64-static': 'qemu-user-static',
    });
  const absent = Object.keys(needed).filter((name) => spawnSync(name, ['--version'], { env }).status !== 0);
  const packages = new Set(absent.map((name) => needed[/** @type {keyof typeof needed} */ (name)]));
  if (absent.length > 0) return `no ${absent.join(' and no ')}; apt-get install ${[...packages].join(' ')}`;
  const libraries = ['libc.a', 'libstdc++.a'].filter((name) => {
    // A bare name: the compiler has no such file.
    const { stdout } = spawnSync(`${prefix}g++`, [`-print-file-name=${name}`], { env, encoding: 'utf8' });
    return !isAbsolute(stdout);
  });
  return libraries.length > 0 ? `no ${libraries.join(' and no ')} to link it statically` : undefined;
}

/** @param {LinuxTarget} target @param {NodeJS.ProcessEnv} env @param {number | undefined} seconds */
async function missingSources(target, env, seconds) {
  const parts = [
    { what: 'no sources of QuickJS-ng', get: () => engineSources({ env, seconds }) },
    { what: `no musl for ${target}`, get: () => crossMusl(target, { env, seconds }) },
  ];
  for (const { what, get } of parts) {
    try {
      await get();
    } catch (error) {
      const [line] = (error instanceof Error ? error.message : String(error)).split('\n');
      return `${what}: ${line}`;
    }
  }
  return undefined;
}

/** A file's text, or those of a folder with their names, in order. @param {string} path @returns {string[]} */
function textsBelow(path) {
  if (statSync(path).isFile()) return [readFileSync(path, 'latin1')];
  return readdirSync(path)
    .sort()
    .flatMap((name) => [name, ...textsBelow(join(path, name))]);
}
