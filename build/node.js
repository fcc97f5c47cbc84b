// Builds dist/ from src/ for Node, and the addon where it is absent: node build/node.js
import { chmod, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { buildNative } from '../native/build.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

await Promise.all([bundle(), addon()]);

/** What ssh runs at every login stands in one file, `lane`; all else is split off and loaded where it is used. */
async function bundle() {
  const lane = await importedBy('src/main.ts');
  const build = await rolldown({
    cwd: root,
    input: {
      vmssh: 'src/bin/vmssh.ts',
      'vsock-nc': 'src/bin/vsock-nc.ts',
      index: 'src/index.ts',
      demo: 'src/demo/demo.ts',
    },
    platform: 'node',
    external: ['node-hvsock-native', 'ssh2', 'commander', 'chalk', 'yocto-spinner'],
    checks: { ineffectiveDynamicImport: false },
  });
  const { output } = await build.write({
    dir: 'dist',
    format: 'esm',
    chunkFileNames: '[name]-[hash].js',
    codeSplitting: { groups: [{ name: 'lane', test: (id) => lane.has(id) }] },
  });
  await build.close();
  await removeAllBut(output.map(({ fileName }) => fileName));
  for (const name of ['vmssh', 'vsock-nc']) await chmod(`${root}/dist/${name}.js`, 0o755);
}

/** Names hold hashes: an older build's files would stay. The executables' folders are none of this build's business. */
async function removeAllBut(fileNames) {
  const others = (await readdir(`${root}/dist`)).filter(
    (name) => /\.js$/.test(name) && !fileNames.includes(name),
  );
  for (const name of others) await rm(`${root}/dist/${name}`);
}

/** The file itself and all that it imports statically. */
async function importedBy(file) {
  const seen = new Set();
  const visit = async (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    const imports = (await readFile(file, 'utf8')).matchAll(
      /^(?:import|export) (?!type )[^;]*? from '(\.[^']+)\.js';/gm,
    );
    for (const [, path] of imports) await visit(resolve(dirname(file), `${path}.ts`));
  };
  await visit(resolve(root, file));
  return seen;
}

async function addon() {
  const result = await buildNative({ quiet: true });
  if (!result.built && result.reason)
    console.error(`vmssh is built without its native addon: ${result.reason}`);
}
