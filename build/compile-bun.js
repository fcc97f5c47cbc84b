// The part of compile.js that bun does: bun run build/compile-bun.js ENTRY OUTFILE [TARGET BUN]

const [entry, outfile, target, executablePath] = process.argv.slice(2);

await Bun.build({
  entrypoints: [entry],
  format: 'esm',
  minify: true,
  bytecode: true,
  splitting: true,
  // ssh2 has a module that asks where it lies: not at the path of the machine that compiled it.
  define: { __dirname: '"/"', __filename: '"/index.js"' },
  plugins: [{ name: 'without-optional-addons', setup: leaveOutAddons }],
  // Nothing is read from the folder in which a user happens to stand.
  compile: {
    outfile,
    // A proxy ends before compiled code would pay, and so the threads that compile it are not even started.
    jitPolicy: 8,
    // Any option: without one the runtime looks at the current folder first, and ends if that was removed.
    execArgv: ['--no-deprecation'],
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
