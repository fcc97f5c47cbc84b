// Compiles src/bin/executable.ts; run by bun itself: bun run build/exe-bun.js OUTFILE [TARGET BUN]
// For another system than this one, TARGET is bun's name of it and BUN the path of its bun.

const [outfile, target, executablePath] = process.argv.slice(2);

await Bun.build({
  entrypoints: ['src/bin/executable.ts'],
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
