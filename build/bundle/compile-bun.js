// The part of compile.js that bun does: bun run build/bundle/compile-bun.js ENTRY OUTFILE TARGET BUN

/**
 * What is used of Bun's own API: https://bun.com/docs/bundler
 *
 * @typedef {{ path: string, namespace?: string }} Resolved
 * @typedef {{ contents: string, loader: string }} Loaded
 *
 * @typedef {object} PluginBuilder
 * @property {(filter: { filter: RegExp }, callback: (args: { path: string }) => Resolved) => void} onResolve
 * @property {(filter: { filter: RegExp, namespace: string }, callback: () => Loaded) => void} onLoad
 *
 * @typedef {object} BuildSettings
 * @property {readonly string[]} entrypoints
 * @property {string} format
 * @property {boolean} minify
 * @property {boolean} bytecode
 * @property {boolean} splitting
 * @property {Readonly<Record<string, string>>} define
 * @property {readonly { name: string, setup: (build: PluginBuilder) => void }[]} plugins
 * @property {Readonly<Record<string, string | number | boolean | readonly string[]>>} compile
 */

const { Bun } =
  /** @type {typeof globalThis & { Bun: { build(settings: BuildSettings): Promise<unknown> } }} */ (
    globalThis
  );
const [entry = '', outfile = '', target = '', executablePath = ''] = process.argv.slice(2);

await Bun.build({
  entrypoints: [entry],
  format: 'esm',
  minify: true,
  bytecode: true,
  splitting: true,
  // A module of ssh2 asks for its own path, which must not be that of the machine that compiled it.
  define: { __dirname: '"/"', __filename: '"/index.js"' },
  plugins: [{ name: 'without-optional-addons', setup: leaveOutAddons }],
  // Nothing is read from the current folder.
  compile: {
    outfile,
    // A proxy ends before compiled code would pay, and so the threads that compile it are not even started.
    jitPolicy: 8,
    target,
    executablePath,
    autoloadDotenv: false,
    autoloadBunfig: false,
    autoloadTsconfig: false,
    autoloadPackageJson: false,
  },
});

/**
 * ssh2 tries addons of its own and goes on without them; resolved at run time, they would be looked for on the user's disk.
 * @param {PluginBuilder} build
 */
function leaveOutAddons(build) {
  build.onResolve({ filter: /^cpu-features$|\.node$/ }, ({ path }) => ({ path, namespace: 'absent' }));
  build.onLoad({ filter: /./, namespace: 'absent' }, () => ({
    contents: 'throw new Error("not part of the executable")',
    loader: 'js',
  }));
}
