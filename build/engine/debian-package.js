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
 * @typedef {object} PinnedSource a file that Debian made a package of
 * @property {string} name
 * @property {string} sha256
 * @property {string} source the source package, and its version
 * @property {string} version
 *
 * @typedef {object} DownloadOptions
 * @property {NodeJS.ProcessEnv} [env] VMSSH_SOURCES: a folder with files of packages, as a release has it; VMSSH_SNAPSHOT: the URL of an archive of all
 * that was ever in Debian, which has a file by its SHA-1
 * @property {number | undefined} [seconds]
 */

/** How long a download that failed within its limit is not tried again, in milliseconds. */
const pause = 3600_000;

/** Where a package's files are, once it was downloaded. @param {Pinned} pinned */
export function folderOf({ name, version, sha256 }, env = process.env) {
  return join(cacheOf(env), `${name}-${version}-${sha256.slice(0, 12)}`);
}

/**
 * The folder with the files of a package; downloaded once, into the user's cache. Throws if nobody has it. With a limit of `seconds` a
 * download that failed is not tried again for an hour, except from VMSSH_SOURCES.
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
  if (seconds !== undefined && !env.VMSSH_SOURCES && isRecent(failed))
    throw new Error(
      `the download failed less than an hour ago; npm run build:exe tries it again, ${offline}`,
    );
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
 * Brings the file of a package into a folder: from the cache, from VMSSH_SOURCES, from Debian's pool, or from VMSSH_SNAPSHOT, where it still is once the
 * pool has a newer one. Whoever gives it, it has to have the hash. Throws with what each said.
 * @param {Pinned} pinned
 * @param {string} work
 * @param {DownloadOptions} [options]
 */
export async function debianFile(pinned, work, { env = process.env, seconds = 600 } = {}) {
  const signal = AbortSignal.timeout(seconds * 1000);
  const { sha1, sha256, orNewer, version } = pinned;
  const wanted = { name: debianFileName(pinned), sha256, work, env };
  return firstOf(
    wanted,
    [
      () => ofPool(pinned, work, env, signal),
      ...(sha1 ? [() => ofUrl(wanted, inSnapshot(`file/${sha1}`, env), signal)] : []),
    ],
    (file) => orNewer === true && !file.includes(`_${version}_`),
  );
}

/**
 * The same for a file that Debian made a package of. The snapshot archive knows what belongs to a version.
 * @param {PinnedSource} pinned
 * @param {string} work
 * @param {DownloadOptions} [options]
 */
export async function debianSource(
  { name, sha256, source, version },
  work,
  { env = process.env, seconds = 120 } = {},
) {
  const signal = AbortSignal.timeout(seconds * 1000);
  const wanted = { name, sha256, work, env };
  return firstOf(wanted, [
    () => ofUrl(wanted, `${debianMirror(env)}/pool/main/${source.slice(0, 1)}/${source}/${name}`, signal),
    async () => {
      const list = join(work, `${name}.json`);
      const about = inSnapshot(`mr/package/${source}/${version}/srcfiles?fileinfo=1`, env);
      await download(about, list, signal);
      /** @type {{ fileinfo: Record<string, readonly { name: string }[]> }} */
      const { fileinfo } = JSON.parse(readFileSync(list, 'utf8'));
      const [sha1] =
        Object.entries(fileinfo).find(([, files]) => files.some((file) => file.name === name)) ?? [];
      if (sha1 === undefined) throw new Error(`${about} does not name ${name}`);
      return ofUrl(wanted, inSnapshot(`file/${sha1}`, env), signal);
    },
  ]);
}

/** What a build without a network needs. */
const offline = 'or set VMSSH_SOURCES to a folder with the sources of a release';

/** @param {string} path @param {NodeJS.ProcessEnv} env */
function inSnapshot(path, { VMSSH_SNAPSHOT: snapshot }) {
  if (!snapshot) throw new Error('VMSSH_SNAPSHOT names no archive of what Debian had before');
  return `${snapshot.replace(/\/$/, '')}/${path}`;
}

/**
 * @typedef {object} Wanted
 * @property {string} name of the file
 * @property {string} sha256
 * @property {string} work the folder for it
 * @property {NodeJS.ProcessEnv} env
 */

/**
 * The file from the cache, from VMSSH_SOURCES, or from the first of these places that has the right one; then it is cached.
 * @param {Wanted} wanted
 * @param {readonly (() => Promise<string>)[]} places
 * @param {(file: string) => boolean} [isOther] whether another file does as well
 */
async function firstOf({ name, sha256, work, env }, places, isOther = () => false) {
  const { VMSSH_SOURCES: sources } = env;
  const cache = cacheOf(env);
  mkdirSync(cache, { recursive: true });
  const kept = join(cache, name);
  const folders = [...(existsSync(kept) ? [cache] : []), ...(sources ? [sources] : [])];
  const problems = [];
  for (const bring of [...folders.map((folder) => () => ofFolder(name, folder, work)), ...places]) {
    try {
      const file = await bring();
      const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
      if (isOther(file)) return file;
      if (sum === sha256) {
        copyFileSync(file, `${kept}.${process.pid}`);
        renameSync(`${kept}.${process.pid}`, kept);
        return file;
      }
      problems.push(`${file} has the SHA-256 ${sum}, not ${sha256}`);
    } catch (error) {
      problems.push(/** @type {Error} */ (error).message);
    }
  }
  throw new Error([...problems, ...(sources ? [] : [offline])].join('; '));
}

/** @param {string} name @param {string} folder @param {string} work */
function ofFolder(name, folder, work) {
  const file = join(work, name);
  copyFileSync(join(folder, name), file);
  return file;
}

/** @param {Wanted} wanted @param {string} url @param {AbortSignal} signal */
async function ofUrl({ name, sha256, work }, url, signal) {
  const file = join(work, name);
  await download(url, file, signal, `SHA256:${sha256}`);
  return file;
}

/** By apt, which knows the user's proxies. @param {string} url @param {string} file @param {AbortSignal} signal @param {string[]} hash */
async function download(url, file, signal, ...hash) {
  const options = ['APT::Sandbox::User=root', 'Acquire::https::Timeout=20', 'Acquire::Retries=0'];
  const flags = options.flatMap((each) => ['-o', each]);
  await run('/usr/lib/apt/apt-helper', [...flags, 'download-file', url, file, ...hash], { signal }).catch(
    (error) => {
      throw new Error(`${url}: ${error.message}`);
    },
  );
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
