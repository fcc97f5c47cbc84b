import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { debianMirror } from '../debian-mirror.js';

/**
 * @typedef {object} Pinned a package of Debian
 * @property {string} name
 * @property {string} version
 * @property {string} sha256
 * @property {string} [sha1] by which Debian's snapshot archive has it
 * @property {string} suite of the archive
 * @property {string} [architecture] as Debian names it; without it, this machine's
 * @property {boolean} [orNewer] whether another version does as well
 *
 * @typedef {object} DownloadOptions
 * @property {NodeJS.ProcessEnv} [env] VMSSH_SOURCES: a folder with files of packages, as a release has it
 * @property {number | undefined} [seconds]
 */

/** All that was ever in Debian: https://snapshot.debian.org */
const snapshotFiles = 'https://snapshot.debian.org/file';

/** How long a download that failed within its limit is not tried again, in milliseconds. */
const pause = 3600_000;

/** Where a package's files are, once it was downloaded. @param {Pinned} pinned */
export function folderOf({ name, version, sha256 }, env = process.env) {
  return join(cacheOf(env), `${name}-${version}-${sha256.slice(0, 12)}`);
}

/**
 * The folder with the files of a package; downloaded once, into the user's cache. Throws if nobody has it. With a limit of `seconds` a
 * download that failed is not tried again for an hour.
 * @param {Pinned} pinned
 * @param {DownloadOptions} [options]
 */
export async function debianPackage(pinned, options = {}) {
  const { env = process.env, seconds } = options;
  const folder = folderOf(pinned, env);
  if (existsSync(folder)) return folder;
  const cache = cacheOf(env);
  mkdirSync(cache, { recursive: true });
  const failed = join(cache, `${pinned.name}.failed`);
  if (seconds !== undefined && isRecent(failed))
    throw new Error('the download failed less than an hour ago; npm run build:exe tries it again');
  const work = mkdtempSync(join(cache, 'building-'));
  try {
    await run('dpkg-deb', ['-x', await debianFile(pinned, work, options), join(work, 'tree')]);
    if (!existsSync(folder)) renameSync(join(work, 'tree'), folder);
    rmSync(failed, { force: true });
  } catch (error) {
    writeFileSync(failed, '');
    throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/** What the file of a package is called. @param {Pinned} pinned */
export function debianFileName({ name, version, architecture = 'all' }) {
  return `${name}_${version.replace(':', '%3a')}_${architecture}.deb`;
}

/**
 * Brings the file of a package into a folder: from the cache, from VMSSH_SOURCES, from Debian's pool, or from its snapshot archive, where it still is once
 * the pool has a newer one. Whoever gives it, it has to have the hash. Throws with what each said.
 * @param {Pinned} pinned
 * @param {string} work
 * @param {DownloadOptions} [options]
 */
export async function debianFile(pinned, work, { env = process.env, seconds = 600 } = {}) {
  const signal = AbortSignal.timeout(seconds * 1000);
  const { VMSSH_SOURCES: sources, VMSSH_TEST_SNAPSHOT: snapshot = snapshotFiles } = env;
  const { sha1 } = pinned;
  const cache = cacheOf(env);
  mkdirSync(cache, { recursive: true });
  const kept = join(cache, debianFileName(pinned));
  const places = [
    ...(existsSync(kept) ? [() => ofFolder(pinned, cache, work)] : []),
    ...(sources ? [() => ofFolder(pinned, sources, work)] : []),
    () => ofPool(pinned, work, env, signal),
    ...(sha1 ? [() => ofSnapshot(pinned, `${snapshot}/${sha1}`, work, signal)] : []),
  ];
  const problems = [];
  for (const bring of places) {
    try {
      const file = await bring();
      const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
      if (pinned.orNewer && !file.includes(`_${pinned.version}_`)) return file;
      if (sum === pinned.sha256) {
        copyFileSync(file, `${kept}.${process.pid}`);
        renameSync(`${kept}.${process.pid}`, kept);
        return file;
      }
      problems.push(`${file} has the SHA-256 ${sum}, not ${pinned.sha256}`);
    } catch (error) {
      problems.push(/** @type {Error} */ (error).message);
    }
  }
  throw new Error(problems.join('; '));
}

/** @param {Pinned} pinned @param {string} folder @param {string} work */
function ofFolder(pinned, folder, work) {
  const file = join(work, debianFileName(pinned));
  copyFileSync(join(folder, debianFileName(pinned)), file);
  return file;
}

/** By apt too, which knows the user's proxies. @param {Pinned} pinned @param {string} url @param {string} work @param {AbortSignal} signal */
async function ofSnapshot(pinned, url, work, signal) {
  const file = join(work, debianFileName(pinned));
  const options = [
    '-o',
    'APT::Sandbox::User=root',
    '-o',
    'Acquire::https::Timeout=20',
    '-o',
    'Acquire::Retries=0',
  ];
  await run('/usr/lib/apt/apt-helper', [...options, 'download-file', url, file, `SHA256:${pinned.sha256}`], {
    signal,
  }).catch((error) => {
    throw new Error(`${url}: ${error.message}`);
  });
  return file;
}

/** @param {NodeJS.ProcessEnv} env */
function cacheOf(env) {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'vmssh-build');
}

/** @param {string} path */
function isRecent(path) {
  return existsSync(path) && Date.now() - statSync(path).mtimeMs < pause;
}

/**
 * With apt, which gets its own list and folders: no root is needed, and apt checks the archive's signature.
 * @param {Pinned} pinned
 * @param {string} work
 * @param {NodeJS.ProcessEnv} env
 * @param {AbortSignal} signal
 */
async function ofPool({ name, version, suite, architecture, orNewer }, work, env, signal) {
  const lists = join(work, 'lists');
  const archives = join(work, 'cache/archives');
  for (const path of [join(lists, 'partial'), join(archives, 'partial')])
    mkdirSync(path, { recursive: true });
  const list = join(work, 'debian.list');
  const only = architecture === undefined ? '' : `arch=${architecture} `;
  const key = `[${only}signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]`;
  writeFileSync(list, `deb ${key} ${debianMirror(env)} ${suite} main\n`);
  const options = [
    `Dir::Etc::SourceList=${list}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${lists}`,
    `Dir::Cache=${join(work, 'cache')}`,
    'Acquire::Languages=none',
    // A frozen mirror's sid is past its Valid-Until date.
    'Acquire::Check-Valid-Until=false',
    'APT::Sandbox::User=root',
    'Acquire::http::Timeout=20',
    'Acquire::https::Timeout=20',
    ...(architecture === undefined ? [] : [`APT::Architectures::=${architecture}`]),
  ];
  const apt = (/** @type {string[]} */ ...args) =>
    run('apt-get', ['-qq', ...options.flatMap((each) => ['-o', each]), ...args], { cwd: work, env, signal });
  await apt('update', '--error-on=any');
  const wanted = architecture === undefined ? name : `${name}:${architecture}`;
  await apt('download', `${wanted}=${version}`).catch((error) => {
    if (!orNewer) throw error;
    return apt('download', wanted);
  });
  const deb = readdirSync(work).find((file) => file.endsWith('.deb'));
  if (deb === undefined) throw new Error(`apt-get downloaded no ${name}`);
  return join(work, deb);
}

/** @param {string} program @param {readonly string[]} args @param {import('node:child_process').ExecFileOptions} [options] */
async function run(program, args, options) {
  try {
    await promisify(execFile)(program, args, options);
  } catch (error) {
    const {
      stderr = '',
      message,
      code,
    } = /** @type {import('node:child_process').ExecFileException} */ (error);
    const why = code === 'ABORT_ERR' ? 'it took too long' : stderr.trim().split('\n')[0] || message;
    throw new Error(`${program} ${args.at(-1)}: ${why}`);
  }
}
