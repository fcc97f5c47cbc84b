// Builds dist/ from src/ for Node, the addon, and the executable if it can be built here: node build/node.js [--no-executable | --update-executable]
/** @import { Plugin } from 'rolldown' */
import { existsSync } from 'node:fs';
import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { buildNative } from '../native/build.js';
import { bundle, root } from './bundle/bundle.js';
import { refuseOldNode } from './bundle/node-version.js';
import { buildExecutable, executableFolder } from './executable.js';

await Promise.all([sources(), addon()]);
// The demo and most tests do not need it, and nobody should wait a minute for that.
if (wantsExecutable()) await executable();

/** With --update-executable only if there is one: ssh starts that, and an old one would not be what is tested. */
function wantsExecutable() {
  if (process.argv.includes('--no-executable')) return false;
  return !process.argv.includes('--update-executable') || existsSync(`${executableFolder()}/vmssh`);
}

/** The fast path is CommonJS, so that Node does not start its module loader: 5 ms of 25. */
async function sources() {
  const files = await bundle({
    dir: 'dist',
    fastPath: { file: 'fast-path.js', asModule: 'fast-path.mjs', plugins: [addonPackage(), lateTty()] },
    input: { index: 'src/index.ts', demo: 'src/demo/demo.ts' },
  });
  for (const name of ['vmssh', 'vsock-nc']) files.push(await program(name));
  await writeFile(`${root}/dist/package.json`, '{ "type": "commonjs" }\n');
  await removeAllBut(files);
}

/** @param {string} name */
async function program(name) {
  const file = `${name}.js`;
  await writeFile(
    `${root}/dist/${file}`,
    `#!/usr/bin/env node\n'use strict';\n${refuseOldNode}require('./fast-path.js').main('${name}');\n`,
  );
  await chmod(`${root}/dist/${file}`, 0o755);
  return file;
}

/**
 * Where npm puts the addon's package is known: in the package's own node_modules with -g and in a checkout, else beside it.
 * Node's own search takes 2 ms of a proxy's 20. Its loader is in the fast path, as one more file takes 0.3 ms.
 * @returns {Plugin}
 */
function addonPackage() {
  return inPlaceOf(
    'node-hvsock-native',
    `
    const { load, prebuilds } = require(${JSON.stringify(`${root}/native/index.cjs`)});
    const installed = /[\\\\/]node_modules[\\\\/]vmssh[\\\\/]dist$/.test(__dirname);
    const places = installed ? ['/../node_modules', '/../..'] : ['/../node_modules'];
    exports.load = () => {
      for (const place of places) {
        try {
          return load(prebuilds(__dirname + place + '/node-hvsock-native'));
        } catch {}
      }
      return require('node-hvsock-native').load();
    };`,
  );
}

/**
 * node:tty loads node:net, 2 ms of a proxy's 20: it is loaded at the first call.
 * @returns {Plugin}
 */
function lateTty() {
  return inPlaceOf('node:tty', "exports.isatty = (fd) => require('node:tty').isatty(fd);");
}

/**
 * CommonJS instead of a module, which only that code can import.
 * @param {string} module
 * @param {string} code
 * @returns {Plugin}
 */
function inPlaceOf(module, code) {
  const place = `virtual:${module.replace(':', '-')}.cjs`;
  return {
    name: `in place of ${module}`,
    resolveId(id, importer) {
      if (id !== module) return undefined;
      return importer === place ? { id, external: true } : place;
    },
    load: (id) => (id === place ? code : undefined),
  };
}

/**
 * Names contain hashes, so an older build's files would stay. The executables' folders are left alone.
 * @param {readonly string[]} fileNames
 */
async function removeAllBut(fileNames) {
  const others = (await readdir(`${root}/dist`)).filter(
    (name) => /\.m?js$/.test(name) && !fileNames.includes(name),
  );
  for (const name of others) await rm(`${root}/dist/${name}`);
}

async function addon() {
  const result = await buildNative({ quiet: true });
  if (!result.built && result.reason)
    console.error(`vmssh is built without its native addon: ${result.reason}`);
}

/** With it, ssh does not wait for Node. It is not a failure if it cannot be built here. */
async function executable() {
  if (process.platform !== 'linux') return;
  const result = await buildExecutable({ seconds: 60 }).catch((error) => ({
    built: /** @type {const} */ (false),
    // What the failed command printed follows its name.
    reason: String(error.message).split('\n').slice(0, 20).join('\n').trim(),
  }));
  if (!result.built) console.error(`vmssh is built without its executable: ${result.reason}`);
}
