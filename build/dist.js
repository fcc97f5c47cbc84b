// Builds dist/ from src/ for Node, the addon, and the executable if it can be built here; node.js starts it
/** @import { Plugin } from 'rolldown' */
import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { buildNative } from '../native/build.js';
import { bundle, root } from './bundle/bundle.js';
import { refuseOldNode } from './bundle/node-version.js';
import { buildExecutable } from './executable.js';

await Promise.all([sources(), addon()]);
// The demo does not need it, and nobody should wait a minute for that.
if (!process.argv.includes('--no-executable')) await executable();

/** The fast path is CommonJS, for which Node starts none of what it needs for modules: 5 ms of 25. */
async function sources() {
  const files = await bundle({
    dir: 'dist',
    fastPath: { file: 'fast-path.js', asModule: 'fast-path.mjs', plugins: [addonPackage()] },
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
 * Where npm puts the addon's package is known, and Node's own search for it takes 2 ms of a proxy's 24.
 * @returns {Plugin}
 */
function addonPackage() {
  const search = `
    const installed = /[\\\\/]node_modules[\\\\/]vmssh[\\\\/]dist$/.test(__dirname);
    try {
      module.exports = require(__dirname + (installed ? '/../..' : '/../node_modules') + '/node-hvsock-native/index.cjs');
    } catch {
      module.exports = require('node-hvsock-native');
    }`;
  const place = 'virtual:addon.cjs';
  return {
    name: 'addon-package',
    resolveId(id, importer) {
      if (id !== 'node-hvsock-native') return undefined;
      return importer === place ? { id, external: true } : place;
    },
    load: (id) => (id === place ? search : undefined),
  };
}

/**
 * Names hold hashes: an older build's files would stay. The executables' folders are none of this build's business.
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

/** What ssh starts does not wait for Node then. It is no failure if it cannot be built here. */
async function executable() {
  if (process.platform !== 'linux') return;
  const result = await buildExecutable({ seconds: 60 }).catch((error) => ({
    built: /** @type {const} */ (false),
    reason: String(error.message).split('\n', 1)[0],
  }));
  if (!result.built) console.error(`vmssh is built without its executable: ${result.reason}`);
}
