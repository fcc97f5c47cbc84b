/** @import { Plugin } from 'rolldown' */
import { join } from 'node:path';
import { root } from './bundle.js';

const prefix = '\0late:';
const late = ['fs', 'module', 'path', 'timers/promises', 'url'].map((name) => `node:${name}`);

/**
 * Bun evaluates a module of Node's when it is imported: 1 ms for node:fs, a quarter of what the whole proxy takes.
 * In the sources below `folder` its functions fetch it when they are called, and the proxy calls next to none.
 * @param {string} [folder]
 * @returns {Plugin}
 */
export function lateBuiltins(folder = join(root, 'src/')) {
  return {
    name: 'late-builtins',
    transform(code, id) {
      if (!id.startsWith(folder)) return undefined;
      let changed = code;
      for (const node of this.parse(code, { lang: 'ts' }).body.toReversed()) {
        if (node.type !== 'ImportDeclaration' || !late.includes(node.source.value)) continue;
        const functions = functionsOf(node.source.value);
        const all = node.specifiers.every(
          (each) =>
            each.type === 'ImportSpecifier' &&
            (each.importKind === 'type' ||
              (each.imported.type === 'Identifier' && functions.includes(each.imported.name))),
        );
        if (!all) continue;
        const source = JSON.stringify(prefix + node.source.value);
        changed = changed.slice(0, node.source.start) + source + changed.slice(node.source.end);
      }
      return changed;
    },
    resolveId: (id) => (id.startsWith(prefix) ? id : undefined),
    load(id) {
      if (!id.startsWith(prefix)) return undefined;
      const module = id.slice(prefix.length);
      const lateOne = (/** @type {string} */ name) =>
        `export const ${name} = (...args) => process.getBuiltinModule('${module}').${name}(...args);`;
      return functionsOf(module).map(lateOne).join('\n');
    },
  };
}

/** @param {string} module */
function functionsOf(module) {
  const exports = Object.entries(process.getBuiltinModule(module) ?? {});
  return exports.filter(([, value]) => typeof value === 'function').map(([name]) => name);
}
