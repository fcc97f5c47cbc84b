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
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { files, hash, headers, inParallel, run, sourceFiles } from '../../native/build.js';
import { codeFlags, compilerFlags } from '../../native/build-flags.js';
import { root } from '../bundle/bundle.js';

const native = join(root, 'native');
const own = join(native, 'engine');
const kept = join(native, 'build/engine/objects');
const rooms = ['core', 'loop', 'napi', 'natives', 'relay'];

/** The engine's own files, in C. */
const engineFiles = ['quickjs', 'libregexp', 'libunicode', 'dtoa'];

/**
 * @typedef {object} Language
 * @property {string} program the compiler
 * @property {readonly string[]} flags
 * @property {readonly string[]} [include]
 * @property {readonly string[]} headers their texts
 */

/**
 * Compiles what a program of the engine is linked of, and keeps the objects by what they are made of: a change of one file
 * compiles one file. Returns lists of object files.
 * @param {string} sources the engine's folder
 * @param {string | undefined} sanitize as in native/build-flags.js
 */
export async function compileObjects(sources, sanitize) {
  mkdirSync(kept, { recursive: true });
  const addonHeaders = headers();
  if (!addonHeaders)
    throw new Error('the package node-api-headers is not installed; npm install node-api-headers');
  const include = ['-isystem', addonHeaders, '-isystem', sources];
  const engineHeaders = filesOf(sources, '.h').map(read);
  /** @type {Language} */
  const c = {
    program: 'gcc',
    flags: ['-std=gnu11', ...codeFlags(sanitize), '-DNDEBUG', '-D_GNU_SOURCE', '-w'],
    headers: engineHeaders,
  };
  /** @type {Language} */
  const cpp = {
    program: 'g++',
    flags: compilerFlags(sanitize),
    include,
    headers: [
      ...engineHeaders,
      ...[...rooms, '.'].flatMap((room) => filesOf(join(own, room), '.h')).map(read),
      ...files('src', '.h').map((name) => read(join(native, name))),
    ],
  };
  /** @type {(() => Promise<void>)[]} */
  const jobs = [];
  const object = (/** @type {Language} */ language, /** @type {string} */ source) => {
    const path = objectPath(language, source);
    jobs.push(() => compile(language, source, path));
    return path;
  };
  const engine = engineFiles.map((name) => object(c, join(sources, `${name}.c`)));
  const text = ['value', 'decode'].map((name) => object(cpp, join(own, 'core', `${name}.cpp`)));
  const objects = {
    compiler: [...engine, ...text, object(cpp, join(own, 'compiler.cpp'))],
    program: [
      ...engine,
      ...rooms.flatMap((room) => filesOf(join(own, room), '.cpp')).map((source) => object(cpp, source)),
      object(cpp, join(own, 'main.cpp')),
      ...addonFiles().map((source) => object(cpp, source)),
    ],
  };
  await inParallel(jobs, availableParallelism());
  forgetOld();
  return objects;
}

/** The addon's, but for what an addon needs that is linked to another libc, and what native/engine/relay does instead. */
const replaced = new Set(['src/glibc_linux.cpp', 'src/hand-off/hand_off_stub.cpp']);

function addonFiles() {
  return sourceFiles('linux')
    .filter((name) => !replaced.has(name))
    .map((name) => join(native, name));
}

/** @param {Language} language @param {string} source */
function objectPath({ program, flags, headers: texts }, source) {
  return join(kept, `${hash([compilerVersion(program), ...flags, read(source), ...texts])}.o`);
}

/** @param {Language} language @param {string} source @param {string} object */
async function compile({ program, flags, include = [] }, source, object) {
  if (existsSync(object)) {
    const now = new Date();
    utimesSync(object, now, now);
    return;
  }
  const unfinished = `${object}.${process.pid}`;
  await run(program, [...flags, ...include, '-c', source, '-o', unfinished]);
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
