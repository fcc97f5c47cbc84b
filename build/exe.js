// Builds the Linux executable and its release archive: node build/exe.js
import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bundle/bundle.js';
import { copyDocs } from './docs.js';
import { buildEngineProgram } from './engine/build.js';
import { licences } from './engine/licences.js';

const target = 'linux-x64';
const folder = join(root, 'dist', target);

const { sources, packages } = await buildEngineProgram(
  join(root, 'src/bin/executable.ts'),
  join(folder, 'vmssh'),
);
for (const name of readdirSync(folder)) if (name !== 'vmssh') rmSync(join(folder, name), { recursive: true });
writeFileSync(join(folder, 'LICENSES'), licences(sources, packages));
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
  if (status === 0) return;
  console.error(`build:exe: ${program} failed: ${error?.message ?? `exit code ${status}`}`);
  process.exit(1);
}
