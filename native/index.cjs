// CommonJS, like the fast path of dist/: Node reaches its first line 5 ms earlier than that of a module.
'use strict';

const fileName = 'node-hvsock-native.node';

/** @type {import('./native.d.ts').Addon | undefined} */
let loaded;

/**
 * Loads the addon. Throws an Error whose `tried` lists every path and what was wrong with it.
 * @param {string} [folder]
 * @param {{ getReport(): object }} [report] Node's own, which has its C library
 */
function load(folder, report) {
  if (loaded) return loaded;
  const tried = [];
  for (const path of candidates(folder)) {
    const module = { exports: /** @type {import('./native.d.ts').Addon} */ ({}) };
    try {
      process.dlopen(module, path);
      loaded = module.exports;
      return loaded;
    } catch (error) {
      tried.push({ path, reason: reasonOf(error, path) });
    }
  }
  const lines = tried.map(({ path, reason }) => `\n  ${path}: ${reason}`);
  throw Object.assign(new Error(`cannot load ${fileName}${libcProblem(report)}; tried:${lines.join('')}`), {
    code: 'NO_ADDON',
    tried,
  });
}

/**
 * Where `load` looks, best first.
 * @param {string} [folder]
 */
function candidates(folder = prebuilds(__dirname)) {
  return [`${folder}/${fileName}`];
}

/**
 * The folder for this system in the package at `home`.
 * @param {string} home
 */
function prebuilds(home) {
  return `${home}/prebuilds/${process.platform}-${process.arch}`;
}

/**
 * The addon is built for glibc: Alpine's Node, for one, has musl.
 * @param {{ getReport(): object }} [report]
 */
function libcProblem(report = process.report) {
  if (process.platform !== 'linux') return '';
  // Otherwise it looks up the names of peers.
  Object.assign(report, { excludeNetwork: true });
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (report.getReport());
  return header.glibcVersionRuntime === undefined
    ? `, which needs glibc: this Node has another C library, such as Alpine's musl. The executable of npm's package vmssh-${process.platform}-${process.arch} needs none`
    : '';
}

/** @param {unknown} error @param {string} path */
function reasonOf(error, path) {
  const text = error instanceof Error ? error.message : String(error);
  // dlopen's message begins with the path.
  return text.startsWith(`${path}: `) ? text.slice(path.length + 2) : text;
}

module.exports = { load, candidates, prebuilds };
