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

/** The engine's sources as Debian has them: https://packages.debian.org/sid/qjs-src */
const pinned = {
  name: 'qjs-src',
  version: '0.17.0-1',
  sha256: '04631979bdadaccffd76c1cb0aff5d07389aa889a90b6a902eba858a3a3b3988',
};

/** How long a download that failed within its limit is not tried again, in milliseconds. */
const pause = 3600_000;

/**
 * The folder with quickjs.c and its headers; downloaded once, into the user's cache. Throws if there is no apt, or no
 * mirror of Debian. With a limit of `seconds` a download that failed is not tried again for an hour.
 * @param {{ env?: NodeJS.ProcessEnv, seconds?: number | undefined }} [options]
 */
export async function engineSources({ env = process.env, seconds } = {}) {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'vmssh-build');
  const folder = join(cache, `${pinned.name}-${pinned.version}-${pinned.sha256.slice(0, 12)}`);
  const sources = join(folder, 'usr/src/quickjs-ng');
  if (existsSync(sources)) return sources;
  mkdirSync(cache, { recursive: true });
  const failed = join(cache, `${pinned.name}.failed`);
  if (seconds !== undefined && isRecent(failed))
    throw new Error('the download failed less than an hour ago; npm run build:exe tries it again');
  const work = mkdtempSync(join(cache, 'building-'));
  try {
    const deb = await download(work, env, seconds);
    await run('dpkg-deb', ['-x', deb, join(work, 'tree')]);
    if (!existsSync(folder)) renameSync(join(work, 'tree'), folder);
    rmSync(failed, { force: true });
  } catch (error) {
    writeFileSync(failed, '');
    throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return sources;
}

/** @param {string} path */
function isRecent(path) {
  return existsSync(path) && Date.now() - statSync(path).mtimeMs < pause;
}

/**
 * By apt, with a list and folders of its own: no root is needed, and apt checks the archive's signature.
 * @param {string} work
 * @param {NodeJS.ProcessEnv} env
 * @param {number | undefined} seconds
 */
async function download(work, env, seconds) {
  const signal = seconds === undefined ? undefined : AbortSignal.timeout(seconds * 1000);
  const lists = join(work, 'lists');
  const archives = join(work, 'cache/archives');
  for (const path of [join(lists, 'partial'), join(archives, 'partial')])
    mkdirSync(path, { recursive: true });
  const list = join(work, 'sid.list');
  const key = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]';
  writeFileSync(list, `deb ${key} ${debianMirror(env)} sid main\n`);
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
  ];
  const apt = (/** @type {string[]} */ ...args) =>
    run('apt-get', ['-qq', ...options.flatMap((each) => ['-o', each]), ...args], { cwd: work, env, signal });
  await apt('update', '--error-on=any');
  try {
    await apt('download', `${pinned.name}=${pinned.version}`);
  } catch {
    // An archive drops old versions; bytecode is made by the same engine, so any will do.
    await apt('download', pinned.name);
  }
  const deb = readdirSync(work).find((name) => name.endsWith('.deb'));
  if (deb === undefined) throw new Error(`apt-get downloaded no ${pinned.name}`);
  const sum = createHash('sha256')
    .update(readFileSync(join(work, deb)))
    .digest('hex');
  if (sum !== pinned.sha256) {
    if (deb.includes(`_${pinned.version}_`))
      throw new Error(`${deb} has the SHA-256 ${sum}, not ${pinned.sha256}`);
    console.error(`build:exe: Debian has ${deb} in place of ${pinned.version}`);
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
