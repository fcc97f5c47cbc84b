// Builds the executable and its release archive: node build/exe.js
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNative } from '../native/build.js';
import { compile } from './compile.js';
import { copyDocs } from './docs.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = 'linux-x64';
const folder = join(root, 'dist', target);

const prebuilt = join(root, 'native/prebuilds', target);
const addon = await buildNative({ quiet: true });
if (!addon.built && !existsSync(join(prebuilt, 'node-hvsock-native.node')))
  fail(`the addon could not be built: ${addon.reason}`);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
await compile(join(folder, 'vmssh'));
for (const name of ['node-hvsock-native.node', 'vmssh-relay'])
  copyFileSync(join(prebuilt, name), join(folder, name));
for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md'])
  copyFileSync(join(root, name), join(folder, name));
copyDocs(folder);
archive();

/** The same input gives the same archive: no times, no owners. */
function archive() {
  const plain = [
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mtime=@0',
    '--use-compress-program=gzip -n',
  ];
  run('tar', [
    ...plain,
    `--transform=s,^${target},vmssh-${target},`,
    '-cf',
    join(root, 'dist', `vmssh-${target}.tar.gz`),
    '-C',
    join(root, 'dist'),
    target,
  ]);
}

/** @param {string} program @param {readonly string[]} args */
function run(program, args) {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
  if (status !== 0) fail(`${program} failed: ${error?.message ?? `exit code ${status}`}`);
}

/** @param {string} words @returns {never} */
function fail(words) {
  console.error(`build:exe: ${words}`);
  process.exit(1);
}
