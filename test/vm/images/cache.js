/** @import { Log } from '../types.js' */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { debianMirror } from '../../../build/debian-mirror.js';
import { execute } from '../bed/execute.js';
import { suiteNamed } from './suites.js';

/**
 * @typedef {object} Recipe
 * @property {string} kind
 * @property {string} script
 * @property {Readonly<Record<string, string>>} env
 *
 * @typedef {{ folder: string, built: boolean }} Cached
 */

const recipe = (/** @type {string} */ name) => fileURLToPath(new URL(`./recipe/${name}`, import.meta.url));

export function cacheFolder(env = process.env) {
  return env.VMSSH_TEST_CACHE || `${env.XDG_CACHE_HOME || `${homedir()}/.cache`}/vmssh-test`;
}

/**
 * The folder with QEMU, virtiofsd and vhost-device-vsock, built when it is not there. `log` gets a line or two then.
 * @param {Log} [log]
 */
export function ensurePrograms(log) {
  return ensure(programs(), log);
}

/**
 * The folder with a suite's kernel, initrd, disk and key, built when it is not there.
 * @param {string} name
 * @param {Log} [log]
 */
export function ensureImage(name, log) {
  return ensure(image(name), log);
}

/** The folder with a systemd.tar that turns bookworm's systemd into 254. @param {Log} [log] */
export function ensureSystemd254(log) {
  return ensure({ kind: 'systemd-254', script: 'systemd-254.sh', env: {} }, log);
}

/** The folder with microsandbox and what its source needs in usr/, and a system for it in root/. @param {Log} [log] */
export function ensureMicrosandbox(log) {
  return ensure({ kind: 'microsandbox', script: 'microsandbox.sh', env: {} }, log);
}

/** The folder with the devcontainer CLI in package/. @param {Log} [log] */
export function ensureDevcontainer(log) {
  return ensure({ kind: 'devcontainer', script: 'devcontainer.sh', env: {} }, log);
}

/** The folder with the kernel, system and key of the guest for arm64. @param {Log} [log] */
export function ensureArm64(log) {
  return ensure({ kind: 'image-arm64', script: 'arm64.sh', env: {} }, log);
}

/**
 * The folder with a fresh Debian in root/, which has these packages and no source of others.
 * @param {string} suite
 * @param {readonly string[]} packages
 * @param {Log} [log]
 */
export function ensureRoot(suite, packages, log) {
  return ensure(root(suite, packages, 'amd64'), log);
}

/**
 * The same for arm64, whose programs QEMU runs here.
 * @param {string} suite
 * @param {readonly string[]} packages
 * @param {Log} [log]
 */
export function ensureArm64Root(suite, packages, log) {
  return ensure(root(suite, packages, 'arm64'), log);
}

/** Looks without building anything. */
export function cachedPrograms() {
  return look(programs());
}

/** @param {string} name */
export function cachedImage(name) {
  return look(image(name));
}

/** @returns {Recipe} */
function programs() {
  return { kind: 'programs', script: 'qemu.sh', env: {} };
}

/** @param {string} suite @param {readonly string[]} packages @param {string} processor @returns {Recipe} */
function root(suite, packages, processor) {
  const env = { SUITE: suite, PROCESSOR: processor, PACKAGES: packages.join(',') };
  return { kind: `root-${suite}-${processor}`, script: 'root.sh', env };
}

/** @param {string} name @returns {Recipe} */
function image(name) {
  return { kind: `image-${name}`, script: 'image.sh', env: imageSettings(name) };
}

/** @param {Recipe} item @returns {Cached} */
function look(item) {
  const folder = folderOf(item);
  return { folder, built: existsSync(folder) };
}

/** @param {string} name @returns {Recipe['env']} */
function imageSettings(name) {
  const suite = suiteNamed(name);
  return {
    SUITE: suite.debian ?? name,
    PACKAGES: suite.packages.join(','),
    ...(suite.acceptOutdated ? { CHECK_VALID: 'no' } : {}),
    ...(suite.needsNode ? { NODE: process.execPath } : {}),
    ...(suite.withoutNode ? { NODE: 'none' } : {}),
    ...(suite.init ? { INIT: suite.init } : {}),
  };
}

/** @param {Recipe} recipe */
function keyOf({ script, env }) {
  const hash = createHash('sha256')
    .update(readFileSync(recipe(script)))
    .update(JSON.stringify(env));
  if (env.NODE && env.NODE !== 'none') hash.update(process.version);
  return hash.digest('hex').slice(0, 12);
}

/** @param {Recipe} item */
function folderOf(item) {
  return `${cacheFolder()}/${item.kind}-${keyOf(item)}`;
}

/** @param {Recipe} item @param {Log} [log] */
async function ensure(item, log = () => {}) {
  const { folder, built } = look(item);
  if (built) return folder;
  const started = Date.now();
  log(`building ${item.kind} …`);
  await execute(
    'bash',
    [recipe('cached.sh'), cacheFolder(), item.kind, keyOf(item), 'bash', recipe(item.script)],
    {
      env: { ...process.env, MIRROR: debianMirror(), ...item.env },
      timeout: 1800,
    },
  );
  log(`built ${item.kind} in ${Math.round((Date.now() - started) / 1000)} s: ${folder}`);
  return folder;
}
