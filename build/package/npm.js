/** @import { LinuxTarget } from '../engine/toolchains.js' */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { root } from '../bundle/bundle.js';
import { executableFolder } from '../executable.js';
import { addresses, packageFields } from '../release/addresses.js';
import { linuxTargets } from './architectures.js';
import { fixModes } from './archive.js';
import { run } from './run.js';

/**
 * The packages for npm, in `folder`: vmssh with the addon in it, the addon alone, and one for each Linux target, as vmssh-linux-x64, which has
 * only the executable. Once their names are the project's, vmssh asks for the last ones as optional dependencies, so npm brings the one for the
 * system, without an install script. Returns their paths.
 * @param {string} folder
 */
export function makeNpmPackages(folder) {
  const work = join(folder, 'work');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const platforms = linuxTargets.map((target) =>
    packed(platformPackage(target, join(work, target), about), folder),
  );
  const main = packed(mainPackage(work, about), folder);
  const addon = packed(addonPackage(work), folder);
  rmSync(work, { recursive: true });
  return { platforms, main, addon };
}

/**
 * Statically linked, it needs no libc: one package serves glibc and musl.
 * @param {LinuxTarget} target @param {string} folder @param {Readonly<Record<string, unknown>>} about package.json
 */
function platformPackage(target, folder, { version, description, license }) {
  mkdirSync(folder);
  const [system = '', cpu = ''] = target.split('-');
  const name = `vmssh-${target}`;
  const own = `the executable for Linux on ${cpu}, which the package vmssh brings`;
  const manifest = { name, version, description: `${description}: ${own}`, license };
  writeJson(join(folder, 'package.json'), {
    ...manifest,
    ...packageFields(addresses),
    os: [system],
    cpu: [cpu],
    preferUnplugged: true,
  });
  for (const file of ['vmssh', 'LICENSES'])
    copyFileSync(join(executableFolder(target), file), join(folder, file));
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  return folder;
}

/** What npm would pack here, and the executables: in a checkout npm would look for them. @param {string} work @param {any} about */
function mainPackage(work, about) {
  const folder = staged(root, work, 'main');
  const { devDependencies, workspaces, scripts, allowScripts, ...rest } = publishable(folder, about);
  writeJson(join(folder, 'package.json'), { ...rest, ...executables(about) });
  return folder;
}

/** Nothing as long as nothing is published: whoever took such a name at the registry would run code here. @param {{ version: string }} about */
export function executables({ version }, filled = addresses) {
  if (filled.repository === '') return {};
  return {
    optionalDependencies: Object.fromEntries(linuxTargets.map((target) => [`vmssh-${target}`, version])),
  };
}

/** @param {string} work */
function addonPackage(work) {
  const folder = staged(join(root, 'native'), work, 'addon');
  const path = join(folder, 'package.json');
  writeJson(path, publishable(folder, JSON.parse(readFileSync(path, 'utf8')), 'native'));
  return folder;
}

/**
 * The package.json for what was packed into `folder`. The checkout's is private: npm would publish whatever happens to be built there.
 * It gets the addresses of the project. Throws if a file that it names is not there.
 * @param {string} folder @param {any} about the checkout's package.json @param {string} [directory] where that is, if not in the root
 */
export function publishable(folder, { private: _, ...about }, directory, filled = addresses) {
  const named = [...Object.values(about.bin ?? {}), ...Object.values(about.exports['.'])];
  const missing = named
    .map((name) => name.replace(/^\.\//, ''))
    .filter((name) => !existsSync(join(folder, name)));
  if (missing.length > 0) throw new Error(`${missing.join(', ')} is not built: npm run package builds all`);
  return { ...about, ...packageFields(filled, directory) };
}

/** What npm packs of a folder, in another one. @param {string} from @param {string} work @param {string} name */
function staged(from, work, name) {
  run('tar', ['-xzf', packed(from, work), '-C', work]);
  const folder = join(work, name);
  renameSync(join(work, 'package'), folder);
  return folder;
}

/** @param {string} from @param {string} to */
function packed(from, to) {
  // Modes do not depend on who has built what is in it.
  if (from !== root && from !== join(root, 'native')) fixModes(from);
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', to];
  return join(to, run('npm', args, { cwd: from }).trim());
}

/** @param {string} path @param {unknown} value */
function writeJson(path, value) {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}
