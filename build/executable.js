import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { hash } from '../native/build.js';
import { root } from './bundle/bundle.js';
import { commitOf } from './bundle/commit.js';
import { buildEngineProgram } from './engine/build.js';
import { licences } from './engine/licences.js';
import { hasMusl } from './engine/musl.js';
import { engineSources } from './engine/sources.js';

/** Where it lies, with the licences of what is in it. */
export const executableFolder = join(root, 'dist/linux-x64');

const work = join(root, 'native/build/engine');

/** All its inputs except the engine and the compiler. */
const inputs = [
  ...['src', 'native/src', 'native/engine', 'native/build-flags.js', 'build/bundle', 'build/engine'],
  ...['build/executable.js', 'package.json', 'package-lock.json'],
];

/**
 * Builds the executable in `folder`. It is not rebuilt if its inputs have not changed; if a tool or the
 * engine's sources are missing, the result says so. Throws if the compiler or the bundler reports errors.
 * @param {object} [options]
 * @param {string} [options.folder]
 * @param {number} [options.seconds] for the download of the engine's sources; undefined: as long as it takes
 * @param {NodeJS.ProcessEnv} [options.env]
 * @returns {Promise<{ built: true, upToDate: boolean } | { built: false, reason: string }>}
 */
export async function buildExecutable({ folder = executableFolder, seconds, env = process.env } = {}) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { built: false, reason: `not for ${process.platform} on ${process.arch}` };
  const files = ['vmssh', 'LICENSES'].map((name) => join(folder, name));
  const stampPath = join(work, `${hash([folder])}.stamp`);
  const texts = inputs.flatMap((path) => [path, ...textsBelow(join(root, path))]);
  const stamp = hash([hasMusl() ? 'musl' : 'glibc', commitOf(root)?.id ?? '', ...texts]);
  if ([...files, stampPath].every((file) => existsSync(file)) && readFileSync(stampPath, 'utf8') === stamp)
    return { built: true, upToDate: true };
  const missing = missingTools(env) ?? (await missingSources(env, seconds));
  if (missing !== undefined) return { built: false, reason: missing };
  if (!existsSync(join(work, 'compiler')))
    console.error('vmssh: building the executable, which takes a minute the first time');
  if (!hasMusl())
    console.error(
      'vmssh: without musl the executable is linked to glibc, and starts more slowly; apt-get install musl-dev',
    );
  const [vmssh = '', list = ''] = files;
  const { sources, packages } = await buildEngineProgram(join(root, 'src/bin/executable.ts'), vmssh, {
    image: ['list', 'complete'],
  });
  writeFileSync(list, licences(sources, packages));
  mkdirSync(dirname(stampPath), { recursive: true });
  writeFileSync(stampPath, stamp);
  return { built: true, upToDate: false };
}

/** @param {NodeJS.ProcessEnv} env */
function missingTools(env) {
  const absent = ['gcc', 'g++'].filter((name) => spawnSync(name, ['--version'], { env }).status !== 0);
  if (absent.length > 0) return `no ${absent.join(' and no ')}; apt-get install g++`;
  const libraries = ['libc.a', 'libstdc++.a'].filter((name) => {
    // A bare name: the compiler has no such file.
    const { stdout } = spawnSync('g++', [`-print-file-name=${name}`], { env, encoding: 'utf8' });
    return !isAbsolute(stdout);
  });
  return libraries.length > 0 ? `no ${libraries.join(' and no ')} to link it statically` : undefined;
}

/** @param {NodeJS.ProcessEnv} env @param {number | undefined} seconds */
async function missingSources(env, seconds) {
  try {
    await engineSources({ env, seconds });
    return undefined;
  } catch (error) {
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n');
    return `no sources of QuickJS-ng: ${line}`;
  }
}

/** A file's text, or those of a folder with their names, in order. @param {string} path @returns {string[]} */
function textsBelow(path) {
  if (statSync(path).isFile()) return [readFileSync(path, 'latin1')];
  return readdirSync(path)
    .sort()
    .flatMap((name) => [name, ...textsBelow(join(path, name))]);
}
