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
import { hash, headers, inParallel, run, sourceFiles } from '../../native/build.js';
import { compilerFlags } from '../../native/build-flags.js';
import { root } from '../bundle.js';

const native = join(root, 'native');
const own = join(native, 'engine');
const kept = join(native, 'build/engine/objects');
const rooms = ['core', 'loop', 'napi', 'natives'];

/** The engine's own files, in C. */
const engineFiles = ['quickjs', 'libregexp', 'libunicode', 'dtoa'];

/**
 * Compiles what a program of the engine is linked of, and keeps the objects by what they are made of: a change of one file
 * compiles one file. `sources` is the engine's folder. Returns { engine, program, compiler }: lists of object files.
 */
export async function compileObjects(sources) {
  mkdirSync(kept, { recursive: true });
  const include = ['-isystem', headers(), '-isystem', sources];
  const engineHeaders = filesOf(sources, '.h').map(read);
  const c = {
    program: 'gcc',
    flags: [
      '-std=gnu11',
      '-O2',
      '-fPIC',
      '-fvisibility=hidden',
      '-ffunction-sections',
      '-fdata-sections',
    ].concat(['-DNDEBUG', '-D_GNU_SOURCE', '-w']),
    headers: engineHeaders,
  };
  const cpp = {
    program: 'g++',
    flags: compilerFlags(undefined),
    include,
    headers: [
      ...engineHeaders,
      ...[...rooms, '.'].flatMap((room) => filesOf(join(own, room), '.h')).map(read),
    ].concat(['src', 'src/vmssh-relay'].flatMap((room) => filesOf(join(native, room), '.h')).map(read)),
  };
  const jobs = [];
  const object = (language, source) => {
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

/** The addon's, but for what only a file of its own needs: another libc than it was linked with, and a program beside it. */
const replaced = new Set(['src/glibc_linux.cpp', 'src/relay_program_linux.cpp']);

function addonFiles() {
  return sourceFiles('linux')
    .filter((name) => !replaced.has(name))
    .concat('src/vmssh-relay/relay_process.cpp')
    .map((name) => join(native, name));
}

function objectPath({ program, flags, headers: texts }, source) {
  return join(kept, `${hash([compilerVersion(program), ...flags, read(source), ...texts])}.o`);
}

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

const versions = new Map();

function compilerVersion(program) {
  if (!versions.has(program))
    versions.set(program, spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout);
  return versions.get(program);
}

/** Other checkouts and branches may want theirs again, for a while. */
function forgetOld() {
  const old = Date.now() - 14 * 24 * 3600 * 1000;
  for (const name of readdirSync(kept)) {
    const path = join(kept, name);
    if (statSync(path).mtimeMs < old) rmSync(path, { force: true });
  }
}

function filesOf(folder, ending) {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));
}

function read(path) {
  return readFileSync(path, 'utf8');
}
