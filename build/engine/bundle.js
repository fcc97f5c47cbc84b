/** @import { Plugin } from 'rolldown' */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from '../bundle/bundle.js';
import { buildConstants } from '../bundle/commit.js';
import { refuseWarnings } from '../bundle/graph.js';
import { shellText } from '../bundle/shell-text.js';

/**
 * Bundles the program for the engine into `folder`, with src/engine/node/ instead of node:*. What has no stand-in
 * there, or lacks an export, is an error. Returns the chunks' file names, of which main.mjs is run (the globals, then
 * `main`), and the folders of the npm packages in them.
 * @param {string} folder
 * @param {string} main
 */
export async function bundleForEngine(folder, main) {
  rmSync(folder, { recursive: true, force: true });
  const build = await rolldown({
    cwd: root,
    input: { main: whole },
    platform: 'neutral',
    transform: { define: buildConstants(root) },
    resolve: { mainFields: ['module', 'main'], conditionNames: ['import', 'node', 'default'] },
    external: /^engine:/,
    checks: { ineffectiveDynamicImport: false },
    plugins: [shellText(), standIns(main)],
    onLog: refuseWarnings,
  });
  const { output } = await build.write({
    dir: folder,
    format: 'esm',
    sourcemap: true,
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
    // What every start needs is one chunk, since each takes time to read and link.
    codeSplitting: { groups: [{ name: 'start', tags: ['$initial'] }] },
  });
  await build.close();
  const chunks = output.filter((each) => each.type === 'chunk');
  return {
    names: chunks.map(({ fileName }) => fileName),
    packages: packagesOf(chunks.flatMap(({ moduleIds }) => moduleIds)),
  };
}

/** @param {readonly string[]} paths */
function packagesOf(paths) {
  const folders = paths.flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].sort();
}

const whole = '\0whole';
const commander = '\0commander';
const requiredPrefix = '\0required:';

/** @param {string} main @returns {Plugin} */
function standIns(main) {
  const engine = join(root, 'src/engine');
  const globals = join(engine, 'globals.ts');
  return {
    name: 'engine-stand-ins',
    resolveId(id, importer, { kind }) {
      if (id === whole) return whole;
      if (kind === 'require-call' && id.startsWith('node:')) return `${requiredPrefix}${id}`;
      if (id === 'commander' && importer !== commander) return commander;
      if (id === 'node-hvsock-native') return join(engine, 'addon.ts');
      if (!id.startsWith('node:')) return undefined;
      const file = join(engine, 'node', `${id.slice('node:'.length)}.ts`);
      if (!existsSync(file)) throw new Error(`${importer} imports ${id}: there is no ${file}`);
      return file;
    },
    load(id) {
      // The globals come first: all other modules take them for granted.
      if (id === whole) return [globals, main].map((file) => `import ${JSON.stringify(file)};`).join('\n');
      if (id === commander) {
        return `import ${JSON.stringify(join(engine, 'commander.ts'))}; export * from 'commander';`;
      }
      if (!id.startsWith(requiredPrefix)) return undefined;
      const place = JSON.stringify(join(engine, 'required.ts'));
      return `module.exports = require(${place}).required[${JSON.stringify(id.slice(requiredPrefix.length))}];`;
    },
  };
}
