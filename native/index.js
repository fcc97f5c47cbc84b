import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const fileName = 'node-hvsock-native.node';

/** @type {import('./native.d.ts').Addon | undefined} */
let loaded;

/** Loads the addon. Throws an Error whose `tried` lists every path and what was wrong with it. */
export function load() {
  if (loaded) return loaded;
  const tried = [];
  for (const path of candidates()) {
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
  throw Object.assign(new Error(`cannot load ${fileName}; tried:${lines.join('')}`), {
    code: 'NO_ADDON',
    tried,
  });
}

/** Where `load` looks, best first. */
export function candidates() {
  // An executable made by `bun build --compile` has its modules in itself, and the addon in a file beside it. Its own
  // unpacking of an embedded addon would go through a guessable name in the temp folder.
  const { url } = import.meta;
  if (url.startsWith('file:///$bunfs/') || url.startsWith('file:///B:/%7EBUN/')) {
    return [join(dirname(process.execPath), fileName)];
  }
  const here = dirname(fileURLToPath(url));
  return [join(here, 'prebuilds', `${process.platform}-${process.arch}`, fileName)];
}

/** @param {unknown} error @param {string} path */
function reasonOf(error, path) {
  const text = error instanceof Error ? error.message : String(error);
  // dlopen's words begin with the path.
  return text.startsWith(`${path}: `) ? text.slice(path.length + 2) : text;
}
