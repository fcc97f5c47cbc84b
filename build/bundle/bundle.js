/** @import { InputOptions, OutputChunk, OutputOptions, Plugin } from 'rolldown' */
import { writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { buildConstants } from './commit.js';
import { prepareForV8 } from './for-v8.js';
import { importedFiles, packages, refuseMissing, refuseWarnings } from './graph.js';
import { shellText } from './shell-text.js';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const whole = 'virtual:fast-path';

/**
 * @typedef {object} FastPathSettings
 * @property {string} file its name
 * @property {readonly Plugin[]} plugins
 * @property {string} asModule the name by which modules import it
 */

/**
 * Bundles the sources in two parts. What ssh runs at every login, the fast path, is one file: main.ts, the proxy and the relay, and
 * all that they import statically. Everything else is modules, each loaded by an import() in the fast path; they share the
 * fast path's own instances, such as the class of its errors. `input` has more entries for the second part. Returns the names of
 * the files in `dir`.
 * @param {object} options
 * @param {string} options.dir
 * @param {FastPathSettings} options.fastPath
 * @param {Readonly<Record<string, string>>} [options.input]
 */
export async function bundle({ dir, fastPath: settings, input = {} }) {
  const { file, plugins, asModule } = settings;
  const entries = ['program/main.ts', 'commands/proxy/proxy.ts', 'commands/proxy/lasting.ts'].map((entry) =>
    join(root, 'src', entry),
  );
  const { now: fastPath, later } = await importedFiles(entries);
  const lateFile = (/** @type {string} */ path) =>
    relative(join(root, 'src'), path).replace(/\.ts$/, '').replaceAll('/', '-');
  const fastPathChunks = await write(
    {
      input: whole,
      external: [],
      plugins: [
        ...plugins,
        wholeFastPath(fastPath),
        ownImports(fastPath),
        elsewhere((path) => (fastPath.has(path) ? undefined : `./${lateFile(path)}.mjs`)),
      ],
    },
    // V8 reads comments as well: a fiftieth of a login's own time.
    { dir, format: 'cjs', entryFileNames: file, comments: false },
  );
  prepareForV8(join(root, dir, file));
  const modules = await write(
    {
      input: { ...input, ...Object.fromEntries([...later].map((path) => [lateFile(path), path])) },
      plugins: [shellText(), elsewhere((path) => (fastPath.has(path) ? `./${asModule}` : undefined))],
    },
    { dir, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
  );
  const chunks = [...fastPathChunks, ...modules];
  const files = [...chunks.map(({ fileName }) => fileName), asModule];
  await writeFile(join(root, dir, asModule), requiring(file, fastPathChunks));
  refuseMissing(chunks, files);
  return files;
}

// If a module imports names from a CommonJS file, Node looks for them with a lexer in JavaScript, which takes 40 ms.
/** @param {string} file @param {readonly OutputChunk[]} chunks */
function requiring(file, chunks) {
  const names = chunks.flatMap(({ fileName, exports }) => (fileName === file ? exports : []));
  return `import { createRequire } from 'node:module';
let fastPath;
try {
  fastPath = createRequire(import.meta.url)('./${file}');
} catch (cause) {
  // A bundle has neither this file nor, as CommonJS, an import.meta.url.
  if (!/'\\.\\/${file}'|'filename'/.test(cause.message)) throw cause;
  throw new Error('vmssh loads files beside its own and cannot be bundled: make vmssh and node-hvsock-native external', { cause });
}
fastPath.exportAll();
export const { ${names.join(', ')} } = fastPath;\n`;
}

/** @param {InputOptions} input @param {OutputOptions} output */
async function write(input, output) {
  const build = await rolldown({
    cwd: root,
    platform: 'node',
    transform: { define: buildConstants(root) },
    external: packages,
    checks: { ineffectiveDynamicImport: false },
    onLog: refuseWarnings,
    ...input,
  });
  const result = await build.write(output);
  await build.close();
  return result.output.filter((each) => each.type === 'chunk');
}

/**
 * A module that exports everything that the fast path's files export.
 * @param {ReadonlySet<string>} fastPath
 * @returns {Plugin}
 */
function wholeFastPath(fastPath) {
  return {
    name: 'whole-fast-path',
    resolveId: (id) => (id === whole ? id : undefined),
    load(id) {
      if (id !== whole) return undefined;
      const modules = [...fastPath].filter((file) => !file.endsWith('.json'));
      return modules.map((file) => `export * from ${JSON.stringify(file)};`).join('\n');
    },
  };
}

/**
 * What the fast path loads of itself by import() is in its one file, too: rolldown would put what both need into another one.
 * @param {ReadonlySet<string>} fastPath
 * @returns {Plugin}
 */
function ownImports(fastPath) {
  return {
    name: 'own-imports',
    async transform(code, importer) {
      if (!fastPath.has(importer)) return undefined;
      let text = code;
      for (const [call, id = ''] of code.matchAll(/\bimport\('(\.[^']+)'\)/g)) {
        const found = await this.resolve(id, importer);
        if (!found || !fastPath.has(found.id)) continue;
        const name = `own_${found.id.replaceAll(/\W/g, '_')}`;
        text = `import * as ${name} from ${JSON.stringify(found.id)};\n${text.replace(call, `Promise.resolve(${name})`)}`;
      }
      return text;
    },
  };
}

/**
 * Leaves out the source files that `destination` puts elsewhere.
 * @param {(path: string) => string | undefined} destination
 * @returns {Plugin}
 */
function elsewhere(destination) {
  return {
    name: 'elsewhere',
    async resolveId(id, importer) {
      if (!importer || !id.startsWith('.')) return undefined;
      const found = await this.resolve(id, importer, { skipSelf: true });
      const place = found && destination(found.id);
      return place ? { id: place, external: true } : found;
    },
  };
}
