import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { files, hash, headers, inParallel, run, sourceFiles } from './build.js';

const here = dirname(fileURLToPath(import.meta.url));
export const compiler = 'x86_64-w64-mingw32-g++-posix';
export const dlltool = 'x86_64-w64-mingw32-dlltool';

/** The same sources give the same bytes: no times, no paths. */
export const compilerFlags = [
  ...['-std=c++17', '-Wall', '-Wextra', '-Werror', '-Wno-cast-function-type'],
  ...['-DNAPI_VERSION=8', '-DWIN32_LEAN_AND_MEAN', '-D_WIN32_WINNT=0x0A00'],
  ...['-O2', '-ffunction-sections', '-fdata-sections'],
];
const linkerFlags = [
  ...['-shared', '-static', '-s', '-Wl,--gc-sections', '-Wl,--no-insert-timestamp'],
  '-Wl,--image-base,0x180000000', // otherwise it depends on the output's path
];
/** Of a program on its own; what the relay and the engine need of stack is as much as Linux gives. */
export const windowsProgramFlags = [
  ...['-municode', '-static', '-s', '-Wl,--gc-sections', '-Wl,--no-insert-timestamp', '-Wl,--stack,8388608'],
  ...['-Wl,--dynamicbase', '-Wl,--high-entropy-va', '-Wl,--nxcompat'],
];
const libraries = ['ws2_32', 'ntdll', 'wbemuuid', 'ole32', 'oleaut32'].map((name) => `-l${name}`);

/**
 * Cross-compiles the addon for Windows on x64. Throws if the compiler reports errors.
 * @param {{ force?: boolean, output?: string, sources?: Readonly<Record<string, string>> }} [options]
 *   `sources`: replacements for some of the source files, by name; `output`: another path for the result
 * @returns {Promise<import('./build.js').BuildResult>}
 */
export async function buildWindowsAddon({ force = false, output, sources: changed = {} } = {}) {
  const absent = [compiler, dlltool].filter((name) => spawnSync(name, ['--version']).status !== 0);
  if (absent.length > 0) {
    return {
      built: false,
      reason: `${absent.join(', ')} not found; apt-get install g++-mingw-w64-x86-64-posix`,
    };
  }
  const include = headers();
  if (!include) {
    const reason = 'the package node-api-headers is not installed; npm install node-api-headers';
    return { built: false, reason };
  }
  const path = output ?? join(here, 'prebuilds/win32-x64/node-hvsock-native.node');
  const definition = join(include, '../def/node_api.def');
  const names = sourceFiles('win32');
  const text = (/** @type {string} */ name) => changed[name] ?? readFileSync(join(here, name), 'utf8');
  const inputs = [...names, ...files('src', '.h'), 'build-win32.js'];
  const stamp = hash([
    spawnSync(compiler, ['--version'], { encoding: 'utf8' }).stdout,
    readFileSync(definition, 'utf8'),
    ...inputs.map(text),
  ]);
  const work = join(here, 'build/win32-x64');
  const stampPath = join(work, `${hash([path])}.stamp`);
  if (!force && existsSync(path) && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) {
    return { built: true, path, upToDate: true };
  }

  // Objects are kept, so that a change in one file compiles only that file.
  mkdirSync(work, { recursive: true });
  const common = hash([...compilerFlags, ...files('src', '.h').map(text)]);
  const objects = names.map((name) => join(work, `${hash([common, text(name)])}.o`));
  await inParallel(
    names.map((name, index) => () => compile(name, changed[name], objects[index] ?? '', include)),
    availableParallelism(),
  );
  // Its path is part of its symbols' names, and the linker sorts by names: it must not depend on where this folder is.
  const host = 'build/win32-x64/libhost.a';
  // A delay-load library: its names are looked up at the first call, by the hook of delayload_win32.cpp.
  await run(dlltool, ['--input-def', definition, '--dllname', 'node.exe', '--output-delaylib', host]);
  // The file contains its own name.
  const folder = join(work, `${process.pid}`);
  const linked = join(folder, 'node-hvsock-native.node');
  mkdirSync(folder, { recursive: true });
  await run(compiler, [...objects, ...linkerFlags, '-o', linked, host, ...libraries]);
  mkdirSync(dirname(path), { recursive: true });
  renameSync(linked, path);
  rmSync(folder, { recursive: true });
  writeFileSync(stampPath, stamp);
  return { built: true, path, upToDate: false };
}

/** @param {string} name @param {string | undefined} changed @param {string} object @param {string} include */
async function compile(name, changed, object, include) {
  if (existsSync(object)) return;
  const unfinished = `${object}.${process.pid}`;
  const source = changed === undefined ? name : `${unfinished}.cpp`;
  if (changed !== undefined) writeFileSync(source, changed);
  const flags = [...compilerFlags, '-isystem', include, '-I', join(here, dirname(name))];
  try {
    await run(compiler, [...flags, '-c', source, '-o', unfinished]);
    renameSync(unfinished, object);
  } finally {
    if (changed !== undefined) rmSync(source, { force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await buildWindowsAddon({ force: process.argv.includes('--force') });
  console.error(result.built ? result.path : `node-hvsock-native: ${result.reason}`);
  if (!result.built) process.exitCode = 1;
}
