/** @import { Sanitizer, Target } from './toolchains.js' */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../native/build.js';
import { root } from '../bundle/bundle.js';
import { bundleForEngine } from './bundle.js';
import { first, writeChunkTable } from './chunks.js';
import { delayed } from './delayed.js';
import { linkWithImage } from './image.js';
import { checkInsides } from './insides.js';
import { limits as usualLimits } from './limits.js';
import { crossMusl } from './musl.js';
import { compileObjects } from './objects.js';
import { engineSources } from './sources.js';
import { ownTarget, toolchainOf } from './toolchains.js';

const work = join(root, 'native/build/engine');

/**
 * @typedef {object} ProgramOptions
 * @property {Target | undefined} [target] the system that it is for; by default this one
 * @property {Sanitizer | undefined} [sanitize] as in native/build-flags.js
 * @property {import('./limits.js').Limits} [limits]
 * @property {boolean} [image] starts from an image of the engine (./image.js)
 * @property {boolean} [symbols] keeps the names of functions, for a profile
 * @property {Readonly<Record<string, string>>} [changed] other texts for some files of native/, by name
 */

/**
 * Builds the program whose first module is `main`, at `output`. Throws if something is missing or wrong. Returns the folders of
 * what is in it: of the engine and of npm packages.
 * @param {string} main
 * @param {string} output
 * @param {ProgramOptions} [options]
 */
export async function buildEngineProgram(main, output, options = {}) {
  const { target = ownTarget, sanitize, limits = usualLimits, changed } = options;
  const sources = await engineSources();
  if (options.image) checkInsides(sources);
  await crossMusl(target);
  const isWindows = target === 'win32-x64';
  const tools = toolchainOf(target, sanitize);
  const objects = await compileObjects(sources, target, sanitize, changed);
  const compiler = await bytecodeCompiler(sources, sanitize === 'fuzzer' ? undefined : sanitize);
  const folder = join(work, 'chunks', output.replaceAll(/\W/g, '_'));
  const { names, packages } = await bundleForEngine(folder, main);
  await run(compiler, [folder, ...names]);
  // The name of the file itself is in a program for Windows.
  const linking = `${output}.${process.pid}`;
  const unfinished = join(linking, isWindows ? 'vmssh.exe' : 'vmssh');
  mkdirSync(linking, { recursive: true });
  const programFlags = tools.programFlags.filter((flag) => !options.symbols || flag !== '-s');
  const flags = [...tools.cppFlags, '-I', join(root, 'native/engine'), ...programFlags];
  const libraries = isWindows ? await delayed(work, objects.program) : (tools.libraries ?? []);
  // The first chunk is evaluated in the image.
  const linked = options.image ? names.filter((name) => name !== first) : names;
  const link = async (/** @type {number} */ imageRoom) => {
    const table = writeChunkTable(folder, linked, target, limits, imageRoom);
    await run(tools.cpp, [...flags, ...table, ...objects.program, ...libraries, '-o', unfinished]);
  };
  try {
    if (options.image) await linkWithImage(unfinished, join(folder, `${first}.code`), link, tools.emulator);
    else await link(0);
    renameSync(unfinished, output);
  } finally {
    rmSync(linking, { recursive: true });
  }
  return { sources, packages };
}

/** It runs here, whichever system the program is for. @param {string} sources @param {Sanitizer} [sanitize] */
async function bytecodeCompiler(sources, sanitize) {
  const compiler = join(work, 'compiler');
  const { compiler: objects } = await compileObjects(sources, ownTarget, sanitize);
  const unfinished = `${compiler}.${process.pid}`;
  const { cpp, cppFlags, programFlags, libraries = [] } = toolchainOf(ownTarget, sanitize);
  await run(cpp, [...cppFlags, ...programFlags, ...objects, ...libraries, '-o', unfinished]);
  renameSync(unfinished, compiler);
  return compiler;
}
