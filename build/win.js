// Builds the Windows executable and its release archive, on Linux: node build/win.js
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWindowsAddon } from '../native/build-win32.js';
import { compile } from './bundle/compile.js';
import { copyDocs } from './docs.js';
import { installWindowsRuntimes } from './runtimes-win.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = 'win32-x64';
const folder = join(root, 'dist', target);

const addon = await buildWindowsAddon();
if (!addon.built) fail(`the addon could not be built: ${addon.reason}`);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const { bun } = installWindowsRuntimes();
await compile(join(folder, 'vmssh.exe'), { target: 'bun-windows-x64', bun });
copyFileSync(addon.path, join(folder, 'node-hvsock-native.node'));
for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md'])
  copyFileSync(join(root, name), join(folder, name));
archive([
  'vmssh.exe',
  'node-hvsock-native.node',
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  ...copyDocs(folder),
]);

/**
 * The same input gives the same archive: one time for all, no attributes of this system.
 * @param {readonly string[]} names
 */
function archive(names) {
  const zip = join(root, 'dist', `vmssh-${target}.zip`);
  rmSync(zip, { force: true });
  const time = new Date('2000-01-01T00:00:00Z');
  for (const name of names) utimesSync(join(folder, name), time, time);
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
