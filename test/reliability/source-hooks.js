// Lets a Node that strips types load src/ as it is, without a build. It puts spaces in their places, so that V8's counts
// (NODE_V8_COVERAGE) are of the sources as they stand. See coverage.js.
import { existsSync } from 'node:fs';
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';
import { shellText } from '../../build/bundle/shell-text.js';

const loadScript = /** @type {(path: string) => { code: string } | undefined} */ (shellText().load);
// Of Node 22.15 and later: the types are of 20.
/** @type {any} */ (module).registerHooks({
  /** @param {string} specifier @param {{ parentURL?: string }} context @param {Function} next */
  resolve(specifier, context, next) {
    if (!specifier.startsWith('.') || context.parentURL === undefined) return next(specifier, context);
    const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    return existsSync(fileURLToPath(url)) ? { url: url.href, shortCircuit: true } : next(specifier, context);
  },
  /** @param {string} url @param {unknown} context @param {Function} next */
  load(url, context, next) {
    const made = /\.(sh|py)$/.test(url) ? loadScript(fileURLToPath(url)) : undefined;
    return made ? { source: made.code, format: 'module', shortCircuit: true } : next(url, context);
  },
});
