import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { hash, run } from '../../native/build.js';
import { compiler, dlltool } from '../../native/build-win32.js';
import { root } from '../bundle/bundle.js';

/** Where the linker runs. It sorts imports by the libraries' paths, which must not depend on where the folder is. */
const native = join(root, 'native');

/**
 * Libraries of Windows that the executable loads at the first call of one of their functions: each of them costs more at the
 * start than the engine does, and most commands need none.
 */
const names = ['ws2_32', 'ole32', 'oleaut32', 'advapi32', 'user32', 'bcrypt', 'userenv'];

/**
 * Makes delay-load libraries of them, with what these objects use of them. Returns the files for the linker, by paths
 * from native/.
 * @param {string} folder
 * @param {readonly string[]} objects
 */
export async function delayed(folder, objects) {
  const used = new Set(symbols(['--undefined-only', ...objects]));
  const libraries = [];
  for (const name of names) {
    const exported = symbols(['--defined-only', importLibrary(name)]);
    const lines = [`LIBRARY ${name}.dll`, 'EXPORTS', ...exported.filter((each) => used.has(each)).sort(), ''];
    const text = lines.join('\n');
    const library = join(folder, 'delayed', hash([text]), `lib${name}.a`);
    libraries.push(relative(native, library));
    if (existsSync(library)) continue;
    const work = `${dirname(library)}.${process.pid}`;
    mkdirSync(dirname(library), { recursive: true });
    mkdirSync(work);
    writeFileSync(join(work, `${name}.def`), text);
    // Its path is part of its symbols' names.
    await run(dlltool, ['--input-def', `${name}.def`, '--output-delaylib', `lib${name}.a`], work);
    renameSync(join(work, `lib${name}.a`), library);
    rmSync(work, { recursive: true });
  }
  return [...libraries, '-lntdll', '-lwbemuuid', '-luuid'];
}

/** The compiler's own. @param {string} name */
function importLibrary(name) {
  return spawnSync(compiler, [`-print-file-name=lib${name}.a`], { encoding: 'utf8' }).stdout.trim();
}

/** Names of what is imported, or of what is asked for. @param {readonly string[]} args */
function symbols(args) {
  const options = { encoding: /** @type {const} */ ('utf8'), maxBuffer: 64 << 20 };
  const { stdout } = spawnSync('x86_64-w64-mingw32-nm', ['--format=posix', ...args], options);
  return [...new Set([...stdout.matchAll(/^(?:__imp_)?(\w+) /gm)].map(([, symbol = '']) => symbol))];
}
