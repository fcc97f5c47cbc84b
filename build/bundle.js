import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { shellText } from './shell-text.js';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const packages = ['node-hvsock-native', 'ssh2', 'commander', 'chalk', 'yocto-spinner'];
const whole = 'virtual:lane';

/**
 * Bundles the sources in two parts. What ssh runs at every login, the lane, is one file: main.ts, the relay, and all
 * that they import statically. All else are modules, each loaded where the lane has an import() of it; they share the
 * lane's own instances, such as the class of its errors. Returns the names of the files in `dir`.
 *
 * `lane` is rolldown's format, file name and plugins of the first, the file that it runs at its end, if any, and the
 * name of the module by which modules get at a lane that is CommonJS; `input` are more entries of the second.
 */
export async function bundle({ dir, lane: settings, input, modulePlugins = [] }) {
  const { format, file, start, plugins, asModule } = settings;
  const { lane, doors } = await laneFiles();
  const doorFile = (path) => relative(join(root, 'src'), path).replace(/\.ts$/, '').replaceAll('/', '-');
  const toDoor = (path) => (lane.has(path) ? undefined : `./${doorFile(path)}.mjs`);
  const toLane = (path) => (lane.has(path) ? `./${asModule ?? file}` : undefined);
  const [laneFile] = await write(
    { input: whole, external: [], plugins: [...plugins, wholeLane(lane, start), elsewhere(toDoor)] },
    { dir, format, entryFileNames: file },
  );
  const modules = await write(
    {
      input: { ...input, ...Object.fromEntries(doors.map((path) => [doorFile(path), path])) },
      plugins: [shellText(), ...modulePlugins, elsewhere(toLane)],
    },
    { dir, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
  );
  if (asModule) await writeFile(join(root, dir, asModule), requiring(file, laneFile.exports));
  return [file, ...(asModule ? [asModule] : []), ...modules.map(({ fileName }) => fileName)];
}

// Where a module imports names of a CommonJS file, Node looks for them by a lexer of its own, in JavaScript: 40 ms.
function requiring(file, names) {
  return `import { createRequire } from 'node:module';
export const { ${names.join(', ')} } = createRequire(import.meta.url)('./${file}');\n`;
}

async function write(input, output) {
  const build = await rolldown({
    cwd: root,
    platform: 'node',
    external: packages,
    checks: { ineffectiveDynamicImport: false },
    ...input,
  });
  const result = await build.write(output);
  await build.close();
  return result.output;
}

/** The lane's source files, and the others that it has an import() of. */
async function laneFiles() {
  const staticImport = /^(?:import|export) (?!type )[^;]*? from '(\.[^']+)\.js';/gm;
  const dynamicImport = /\bimport\('(\.[^']+)\.js'\)/g;
  const exported = /^export (?:async )?(?:const|function|class) (\w+)/gm;
  const lane = new Set();
  const doors = new Set();
  const names = new Map();
  const visit = async (file) => {
    if (lane.has(file)) return;
    lane.add(file);
    const text = await readFile(file, 'utf8');
    for (const [, name] of text.matchAll(exported)) {
      if (names.has(name)) throw new Error(`both ${names.get(name)} and ${file} export ${name}`);
      names.set(name, file);
    }
    const paths = (pattern) =>
      [...text.matchAll(pattern)].map(([, path]) => resolve(dirname(file), `${path}.ts`));
    for (const path of paths(dynamicImport)) doors.add(path);
    for (const path of paths(staticImport)) await visit(path);
  };
  for (const file of ['src/main.ts', 'src/deliver/relay.ts']) await visit(resolve(root, file));
  return { lane, doors: [...doors].filter((file) => !lane.has(file)) };
}

/** A module that exports all that the lane's files do, and runs `start` where there is one. */
function wholeLane(lane, start) {
  return {
    name: 'whole-lane',
    resolveId: (id) => (id === whole ? id : undefined),
    load(id) {
      if (id !== whole) return undefined;
      const exports = [...lane].map((file) => `export * from ${JSON.stringify(file)};`);
      return [...exports, ...(start ? [`import ${JSON.stringify(resolve(root, start))};`] : [])].join('\n');
    },
  };
}

/** Leaves out the source files that `destination` gives a place of their own. */
function elsewhere(destination) {
  return {
    name: 'elsewhere',
    resolveId(id, importer) {
      if (!importer || !id.startsWith('.')) return undefined;
      const place = destination(resolve(importer, '..', id.replace(/\.js$/, '.ts')));
      return place && { id: place, external: true };
    },
  };
}
