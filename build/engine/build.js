import { mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../../native/build.js';
import { codeFlags, compilerFlags, programFlags } from '../../native/build-flags.js';
import { root } from '../bundle/bundle.js';
import { bundleForEngine } from './bundle.js';
import { writeChunkTable } from './chunks.js';
import { limits as usualLimits } from './limits.js';
import { compileObjects } from './objects.js';
import { engineSources } from './sources.js';

const work = join(root, 'native/build/engine');

/**
 * Builds the program whose first module is `main`, at `output`. Throws if something is missing or mistaken. Returns what is
 * in it: the engine's folder, and those of npm packages.
 * @param {string} main
 * @param {string} output
 * @param {'address'} [sanitize] as in native/build-flags.js
 * @param {import('./limits.js').Limits} [limits]
 */
export async function buildEngineProgram(main, output, sanitize, limits = usualLimits) {
  const sources = await engineSources();
  const objects = await compileObjects(sources, sanitize);
  const compiler = join(work, 'compiler');
  await run('g++', [...codeFlags(sanitize), ...objects.compiler, '-o', compiler]);
  const folder = join(work, 'chunks', output.replaceAll(/\W/g, '_'));
  const { names, packages } = await bundleForEngine(folder, main);
  await run(compiler, [folder, ...names]);
  const table = writeChunkTable(folder, names, limits);
  const unfinished = `${output}.${process.pid}`;
  mkdirSync(dirname(output), { recursive: true });
  const include = ['-I', join(root, 'native/engine')];
  const flags = [...compilerFlags(sanitize), ...include, ...programFlags(sanitize), '-pthread'];
  await run('g++', [...flags, ...table, ...objects.program, '-o', unfinished]);
  renameSync(unfinished, output);
  return { sources, packages };
}
