/** @import { Sanitizer, Target } from './toolchains.js' */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, extname, join, relative } from 'node:path';
import { files, hash, headers, inParallel, run, sourceFiles } from '../../native/build.js';
import { root } from '../bundle/bundle.js';
import { toolchainOf } from './toolchains.js';

const native = join(root, 'native');
const own = join(native, 'engine');
const kept = join(native, 'build/engine/objects');
const shared = ['confine', 'core', 'image', 'loop', 'memory', 'napi', 'natives', 'relay'];

/** The engine's own files, in C; native/engine/image/quickjs.c includes the largest one. */
const engineFiles = ['libregexp', 'libunicode', 'dtoa'];

/**
 * @typedef {object} Language
 * @property {string} program the compiler
 * @property {readonly string[]} flags
 * @property {readonly string[]} [include]
 * @property {readonly string[]} headers their texts
 */

/**
 * Compiles what a program of the engine is linked of, and keeps the objects by what they are made of: a change of one file
 * compiles one file. Returns lists of object files: of the compiler of bytecode, and of the program.
 * @param {string} sources the engine's folder
 * @param {Target} target
 * @param {Sanitizer} [sanitize] as in native/build-flags.js
 * @param {Readonly<Record<string, string>>} [changed] other texts for some files of native/, by name
 */
export async function compileObjects(sources, target, sanitize, changed = {}) {
  mkdirSync(kept, { recursive: true });
  const addonHeaders = headers();
  if (!addonHeaders)
    throw new Error('the package node-api-headers is not installed; npm install node-api-headers');
  const system = target === 'win32-x64' ? 'win32' : 'linux';
  const tools = toolchainOf(target, sanitize);
  const engineHeaders = filesOf(sources, '.h').map(read);
  const folders = [...shared, ...(tools.folders ?? []), ...(system === 'win32' ? ['windows'] : [])];
  /** @type {Language} */
  const c = {
    program: tools.c,
    flags: tools.cFlags,
    include: ['-I', sources],
    headers: [
      ...engineHeaders,
      ...[join(sources, 'quickjs.c'), join(own, 'image/process_state.h')].map(read),
    ],
  };
  /** @type {Language} */
  const cpp = {
    program: tools.cpp,
    flags: tools.cppFlags,
    include: ['-isystem', addonHeaders, '-isystem', sources],
    headers: [
      ...engineHeaders,
      ...[...folders, '.'].flatMap((folder) => filesOf(join(own, folder), '.h')).map(read),
      ...files('src', '.h').map((name) => read(join(native, name))),
    ],
  };
  /** @type {Map<string, () => Promise<void>>} */
  const jobs = new Map();
  const object = (/** @type {Language} */ language, /** @type {string} */ source) => {
    const text = changed[relative(native, source)];
    const path = objectPath(language, text ?? read(source));
    jobs.set(path, () => compile(language, source, path, text));
    return path;
  };
  const engine = [...engineFiles.map((name) => join(sources, `${name}.c`)), join(own, 'image/quickjs.c')].map(
    (source) => object(c, source),
  );
  // It runs on the machine that builds.
  const compiler = ['core/value', 'compiler']
    .map((name) => join(own, `${name}.cpp`))
    .concat((tools.folders ?? []).flatMap((folder) => filesOf(join(own, folder), '.cpp')));
  const ofSystem = folders
    .flatMap((folder) => filesOf(join(own, folder), '.cpp'))
    .filter((path) => system === 'linux' || !path.endsWith('_linux.cpp'))
    .concat(system === 'linux' ? [join(own, 'main.cpp')] : []);
  const objects = {
    compiler: system === 'linux' ? [...engine, ...compiler.map((source) => object(cpp, source))] : [],
    program: [...engine, ...[...ofSystem, ...addonFiles(system)].map((source) => object(cpp, source))],
  };
  await inParallel([...jobs.values()], availableParallelism());
  forgetOld();
  return objects;
}

/**
 * Of the addon, what only an addon needs, which is linked to another libc or looks for its host, and what
 * native/engine/confine and native/engine/relay do instead.
 */
const replaced = {
  linux: ['src/glibc_linux.cpp', 'src/own_process.cpp'],
  win32: ['src/delayload_win32.cpp'],
};

/** @param {'linux' | 'win32'} system */
function addonFiles(system) {
  return sourceFiles(system)
    .filter((name) => !replaced[system].includes(name))
    .map((name) => join(native, name));
}

/** @param {Language} language @param {string} text of the source */
function objectPath({ program, flags, headers: texts }, text) {
  return join(kept, `${hash([compilerVersion(program), ...flags, text, ...texts])}.o`);
}

/** @param {Language} language @param {string} source @param {string} object @param {string} [text] another one */
async function compile({ program, flags, include = [] }, source, object, text) {
  if (existsSync(object)) {
    const now = new Date();
    utimesSync(object, now, now);
    return;
  }
  const unfinished = `${object}.${process.pid}`;
  if (text === undefined) {
    await run(program, [...flags, ...include, '-c', source, '-o', unfinished]);
  } else {
    const other = `${unfinished}${extname(source)}`;
    writeFileSync(other, text);
    const beside = ['-I', dirname(source)];
    await run(program, [...flags, ...include, ...beside, '-c', other, '-o', unfinished]);
    rmSync(other);
  }
  renameSync(unfinished, object);
}

/** @type {Map<string, string>} */
const versions = new Map();

/** @param {string} program */
function compilerVersion(program) {
  const version = versions.get(program) ?? spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout;
  versions.set(program, version);
  return version;
}

/** Other checkouts and branches may want theirs again, for a while. */
function forgetOld() {
  const old = Date.now() - 14 * 24 * 3600 * 1000;
  for (const name of readdirSync(kept)) {
    const path = join(kept, name);
    if (statSync(path).mtimeMs < old) rmSync(path, { force: true });
  }
}

/** @param {string} folder @param {string} ending */
function filesOf(folder, ending) {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));
}

/** @param {string} path */
function read(path) {
  return readFileSync(path, 'utf8');
}
