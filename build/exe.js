// Builds the Linux executable and its release archive: node build/exe.js
import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from './bundle/bundle.js';
import { copyDocs } from './docs.js';
import { buildExecutable, executableFolder as folder } from './executable.js';

const target = basename(folder);

const executable = await buildExecutable();
if (!executable.built) fail(executable.reason);
for (const name of readdirSync(folder))
  if (name !== 'vmssh' && name !== 'LICENSES') rmSync(join(folder, name), { recursive: true });
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

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(`build:exe: ${message}`);
  process.exit(1);
}
