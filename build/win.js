// Builds the Windows executable and its release archive, on Linux: node build/win.js
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buildWindowsAddon } from '../native/build-win32.js';
import { root } from './bundle/bundle.js';
import { copyDocs } from './docs.js';
import { buildEngineProgram } from './engine/build.js';
import { licences } from './engine/licences.js';
import { writeManifests } from './win/manifests.js';

const target = 'win32-x64';
const folder = join(root, 'dist', target);

// For Node on Windows; the executable has it inside.
const addon = await buildWindowsAddon();
if (!addon.built) fail(`the addon could not be built: ${addon.reason}`);

const { sources, packages } = await buildEngineProgram(
  join(root, 'src/program/executable.ts'),
  join(folder, 'vmssh.exe'),
  { target: 'win32-x64' },
);
for (const name of readdirSync(folder))
  if (name !== 'vmssh.exe') rmSync(join(folder, name), { recursive: true });
writeFileSync(join(folder, 'LICENSES'), licences(sources, packages, 'win32-x64'));
for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md'])
  copyFileSync(join(root, name), join(folder, name));
archive(['vmssh.exe', 'LICENSE', 'LICENSES', 'README.md', 'CHANGELOG.md', ...copyDocs(folder)]);

writeManifests(
  join(root, 'dist', `vmssh-${target}.zip`),
  join(root, 'dist'),
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')),
);

/**
 * The same input gives the same archive: one time for all, no attributes of this system.
 * @param {readonly string[]} names
 */
function archive(names) {
  const zip = join(root, 'dist', `vmssh-${target}.zip`);
  rmSync(zip, { force: true });
  const time = new Date('2000-01-01T00:00:00Z');
  for (const name of names) {
    utimesSync(join(folder, name), time, time);
    chmodSync(join(folder, name), name.endsWith('.exe') ? 0o755 : 0o644);
  }
  run('zip', ['-X', '-q', zip, ...names], { cwd: folder, env: { ...process.env, TZ: 'UTC' } });
}

/** @param {string} program @param {readonly string[]} args @param {import('node:child_process').SpawnSyncOptions} options */
function run(program, args, options) {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', ...options });
  if (/** @type {NodeJS.ErrnoException | undefined} */ (error)?.code === 'ENOENT')
    fail(`${program} not found; apt-get install ${program}`);
  if (status !== 0) fail(`${program} failed: ${error?.message ?? `exit code ${status}`}`);
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(`build:win: ${message}`);
  process.exit(1);
}
