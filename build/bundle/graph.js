/** @import { LogLevel, ModuleInfo, OutputChunk, RolldownLog } from 'rolldown' */
import { rolldown } from 'rolldown';
import { shellText } from './shell-text.js';

/** What no bundle includes: the packages that the program depends on. */
export const packages = ['node-hvsock-native', 'ssh2', 'commander', 'chalk', 'diff', 'yocto-spinner'];

/**
 * The files that `entries` import statically, with the entries, and those that one of these loads by import(), both as the
 * bundler sees them. Throws if one of the first has a default export, which `export *` does not pass on.
 * @param {readonly string[]} entries
 */
export async function importedFiles(entries) {
  const modules = await moduleGraph(entries);
  const now = new Set(entries);
  /** @type {Set<string>} */
  const later = new Set();
  // The loop also visits what is added during it.
  for (const file of now) {
    const { exports = [], importedIds = [], dynamicallyImportedIds = [] } = modules.get(file) ?? {};
    if (exports.includes('default')) throw new Error(`${file} has a default export`);
    for (const id of importedIds) if (modules.has(id)) now.add(id);
    for (const id of dynamicallyImportedIds) if (modules.has(id)) later.add(id);
  }
  return { now, later: new Set([...later].filter((file) => !now.has(file))) };
}

/** @param {readonly string[]} entries */
async function moduleGraph(entries) {
  /** @type {Map<string, ModuleInfo>} */
  const modules = new Map();
  const build = await rolldown({
    input: [...entries],
    platform: 'node',
    external: packages,
    checks: { ineffectiveDynamicImport: false },
    plugins: [shellText(), { name: 'graph', moduleParsed: (module) => void modules.set(module.id, module) }],
    onLog: refuseWarnings,
  });
  await build.generate();
  await build.close();
  return modules;
}

/**
 * Throws if one of the chunks imports a file beside it that is not among `files`.
 * @param {readonly Pick<OutputChunk, 'fileName' | 'imports' | 'dynamicImports'>[]} chunks
 * @param {readonly string[]} files
 */
export function refuseMissing(chunks, files) {
  for (const { fileName, imports, dynamicImports } of chunks) {
    for (const name of [...imports, ...dynamicImports]) {
      if (name.startsWith('./') && !files.includes(name.slice(2))) {
        throw new Error(`${fileName} imports ${name}, which was not built`);
      }
    }
  }
}

/**
 * rolldown's onLog. It warns of what does not run as meant, such as two files that export the same name. A slow plugin is ignored:
 * it depends on the machine's load, not on the bundle.
 * @param {LogLevel} level
 * @param {RolldownLog} log
 */
export function refuseWarnings(level, log) {
  if (level === 'warn' && log.code !== 'PLUGIN_TIMINGS') throw new Error(log.message);
}
