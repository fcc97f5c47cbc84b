// Builds dist/ from src/, and the addon where it is absent: node build.js [--types]
import { spawnSync } from 'node:child_process';
import { chmod, rm } from 'node:fs/promises';
import { rolldown } from 'rolldown';
import { buildNative } from './native/build.js';

const root = new URL('./', import.meta.url).pathname;

await Promise.all([bundle(), addon()]);
if (process.argv.includes('--types')) types();

/** Code splitting keeps commander, chalk and ssh2 out of what ssh loads at every login. */
async function bundle() {
  await rm(`${root}dist`, { recursive: true, force: true });
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
  });
  await build.write({ dir: 'dist', format: 'esm', chunkFileNames: 'chunk-[hash].js', cleanDir: true });
  await build.close();
  for (const name of ['vmssh', 'vsock-nc']) await chmod(`${root}dist/${name}.js`, 0o755);
}

async function addon() {
  const result = await buildNative({ quiet: true });
  if (!result.built && result.reason)
    console.error(`vmssh is built without its native addon: ${result.reason}`);
}

function types() {
  const args = ['--noEmit', 'false', '--emitDeclarationOnly', '--declaration', '--outDir', 'dist/types'];
  const { status } = spawnSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', ...args],
    { cwd: root, stdio: 'inherit' },
  );
  if (status !== 0) process.exit(1);
}
