import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, root } from './bundle.js';
import { installRuntimes } from './runtimes.js';

/**
 * Compiles src/bin/executable.ts to the file `executable`. For another system than this one, `target` is bun's name of
 * it and `bun` the path of its bun. Throws where that fails.
 */
export async function compile(executable, { target, bun } = {}) {
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const dir = mkdtempSync(join(cache, 'vmssh-executable-'));
  try {
    const late = lateBuiltins();
    await bundle({
      dir,
      // One file, and all of it the entry's: each one more takes time at each start.
      lane: { format: 'esm', file: 'lane.mjs', start: 'src/bin/executable.ts', plugins: [late] },
      modulePlugins: [late],
    });
    const args = ['run', join(root, 'build/compile-bun.js'), join(dir, 'lane.mjs'), executable];
    const other = target ? [target, bun] : [];
    const { status } = spawnSync(installRuntimes().bun, [...args, ...other], { cwd: root, stdio: 'inherit' });
    if (status !== 0) throw new Error(`bun ended with ${status}`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * Bun evaluates a module of Node's when it is imported: 1 ms for node:fs, a quarter of what the whole proxy takes.
 * In our own sources their functions fetch their module when they are called, and the proxy calls next to none.
 */
function lateBuiltins() {
  const imports = /^import \{ (.*) \} from 'node:(fs|module|path|timers\/promises|url)';$/gm;
  const prefix = '\0late:';
  return {
    name: 'late-builtins',
    transform(code, id) {
      if (!id.startsWith(join(root, 'src/'))) return undefined;
      return code.replaceAll(imports, (line, names, module) =>
        names.split(', ').every((name) => functionsOf(module).includes(name.split(' as ')[0]))
          ? `import { ${names} } from '${prefix}${module}';`
          : line,
      );
    },
    resolveId: (id) => (id.startsWith(prefix) ? id : undefined),
    load(id) {
      if (!id.startsWith(prefix)) return undefined;
      const module = id.slice(prefix.length);
      const late = (name) =>
        `export const ${name} = (...args) => process.getBuiltinModule('node:${module}').${name}(...args);`;
      return functionsOf(module).map(late).join('\n');
    },
  };
}

function functionsOf(module) {
  const exports = process.getBuiltinModule(`node:${module}`);
  return Object.keys(exports).filter((name) => typeof exports[name] === 'function');
}
