import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
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
 * @property {string} suite of the archive
 * @property {string} [architecture] as Debian names it; without it, this machine's
 *
 * @typedef {{ env?: NodeJS.ProcessEnv, seconds?: number | undefined }} DownloadOptions
 */

/** How long a download that failed within its limit is not tried again, in milliseconds. */
const pause = 3600_000;

/** Where a package's files are, once it was downloaded. @param {Pinned} pinned */
export function folderOf({ name, version, sha256 }, env = process.env) {
  return join(cacheOf(env), `${name}-${version}-${sha256.slice(0, 12)}`);
}

/**
 * The folder with the files of a package; downloaded once, into the user's cache. Throws if there is no apt, or no
 * mirror of Debian. With a limit of `seconds` a download that failed is not tried again for an hour.
 * @param {Pinned} pinned
 * @param {DownloadOptions} [options]
 */
export async function debianPackage(pinned, { env = process.env, seconds } = {}) {
  const cache = cacheOf(env);
  const folder = folderOf(pinned, env);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const failed = join(cache, `${pinned.name}.failed`);
  if (seconds !== undefined && isRecent(failed))
    throw new Error('the download failed less than an hour ago; npm run build:exe tries it again');
  const work = mkdtempSync(join(cache, 'building-'));
  try {
    const deb = await download(pinned, work, env, seconds);
    await run('dpkg-deb', ['-x', deb, join(work, 'tree')]);
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
 * @param {number | undefined} seconds
 */
async function download({ name, version, sha256, suite, architecture }, work, env, seconds) {
  const signal = seconds === undefined ? undefined : AbortSignal.timeout(seconds * 1000);
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
  try {
    await apt('download', `${wanted}=${version}`);
  } catch {
    // An archive drops old versions; what is built of it is built by one version, so any will do.
    await apt('download', wanted);
  }
  const deb = readdirSync(work).find((file) => file.endsWith('.deb'));
  if (deb === undefined) throw new Error(`apt-get downloaded no ${name}`);
  const sum = createHash('sha256')
    .update(readFileSync(join(work, deb)))
    .digest('hex');
  if (sum !== sha256) {
    if (deb.includes(`_${version}_`)) throw new Error(`${deb} has the SHA-256 ${sum}, not ${sha256}`);
    console.error(`build:exe: Debian has ${deb} in place of ${version}`);
  }
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
