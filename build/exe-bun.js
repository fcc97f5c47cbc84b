// Compiles src/bin/executable.ts; run by bun itself: bun run build/exe-bun.js OUTFILE [TARGET BUN]
// For another system than this one, TARGET is bun's name of it and BUN the path of its bun.

import { readFile } from 'node:fs/promises';

const [outfile, target, executablePath] = process.argv.slice(2);

await Bun.build({
  entrypoints: ['src/bin/executable.ts'],
  format: 'esm',
  minify: true,
  bytecode: true,
  splitting: true,
  // ssh2 has a module that asks where it lies: not at the path of the machine that compiled it.
  define: { __dirname: '"/"', __filename: '"/index.js"' },
  plugins: [
    { name: 'without-optional-addons', setup: leaveOutAddons },
    { name: 'late-builtins', setup: loadBuiltinsLate },
  ],
  // Nothing is read from the folder in which a user happens to stand.
  compile: {
    outfile,
    // A proxy ends before compiled code would pay, and so the threads that compile it are not even started.
    jitPolicy: 8,
    ...(target ? { target, executablePath } : {}),
    autoloadDotenv: false,
    autoloadBunfig: false,
    autoloadTsconfig: false,
    autoloadPackageJson: false,
  },
});

/** ssh2 tries addons of its own and goes on without them; resolved at run time, they would be looked for on the user's disk. */
function leaveOutAddons(build) {
  build.onResolve({ filter: /^cpu-features$|\.node$/ }, ({ path }) => ({ path, namespace: 'absent' }));
  build.onLoad({ filter: /./, namespace: 'absent' }, () => ({
    contents: 'throw new Error("not part of the executable")',
    loader: 'js',
  }));
}

/**
 * Bun evaluates a module of Node's when it is imported: 1 ms for node:fs, a quarter of what the whole proxy takes.
 * In our own sources their functions fetch their module when they are called, and the proxy calls next to none.
 */
function loadBuiltinsLate(build) {
  const own = /[\\/](?:src|native)[\\/](?!.*node_modules).*\.[jt]s$/;
  const imports = /^import \{ (.*) \} from 'node:(fs|module|path|timers\/promises|url)';$/gm;
  build.onLoad({ filter: own }, async ({ path }) => {
    const text = await readFile(path, 'utf8');
    const contents = text.replaceAll(imports, (line, names, module) =>
      names.split(', ').every((name) => functionsOf(module).includes(name))
        ? `import { ${names} } from 'late:${module}';`
        : line,
    );
    return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' };
  });
  build.onResolve({ filter: /^late:/ }, ({ path }) => ({ path, namespace: 'late' }));
  build.onLoad({ filter: /./, namespace: 'late' }, ({ path }) => {
    const module = path.split(':').at(-1);
    const late = (name) => `export const ${name} = (...args) => require('node:${module}').${name}(...args);`;
    return { contents: functionsOf(module).map(late).join('\n'), loader: 'js' };
  });
}

function functionsOf(module) {
  const exports = process.getBuiltinModule(`node:${module}`);
  return Object.keys(exports).filter((name) => typeof exports[name] === 'function');
}
