import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { debianMirror } from '../debian-mirror.js';

/** The engine's sources as Debian has them: https://packages.debian.org/sid/qjs-src */
const pinned = {
  name: 'qjs-src',
  version: '0.17.0-1',
  sha256: '04631979bdadaccffd76c1cb0aff5d07389aa889a90b6a902eba858a3a3b3988',
};

/**
 * The folder with quickjs.c and its headers; downloaded once, into the user's cache. Throws where there is no apt, or no
 * mirror of Debian.
 */
export function engineSources(env = process.env) {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'vmssh-build');
  const folder = join(cache, `${pinned.name}-${pinned.version}-${pinned.sha256.slice(0, 12)}`);
  const sources = join(folder, 'usr/src/quickjs-ng');
  if (existsSync(sources)) return sources;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'building-'));
  try {
    const deb = download(work);
    run('dpkg-deb', ['-x', deb, join(work, 'tree')]);
    if (!existsSync(folder)) renameSync(join(work, 'tree'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return sources;
}

/**
 * By apt, with a list and folders of its own: no root is needed, and apt checks the archive's signature.
 * @param {string} work
 */
function download(work) {
  const lists = join(work, 'lists');
  const archives = join(work, 'cache/archives');
  for (const path of [join(lists, 'partial'), join(archives, 'partial')])
    mkdirSync(path, { recursive: true });
  const list = join(work, 'sid.list');
  const key = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]';
  writeFileSync(list, `deb ${key} ${debianMirror()} sid main\n`);
  const options = [
    `Dir::Etc::SourceList=${list}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${lists}`,
    `Dir::Cache=${join(work, 'cache')}`,
    'Acquire::Languages=none',
    // A frozen mirror's sid is past its Valid-Until date.
    'Acquire::Check-Valid-Until=false',
    'APT::Sandbox::User=root',
  ];
  const apt = (/** @type {string[]} */ ...args) =>
    run('apt-get', ['-qq', ...options.flatMap((each) => ['-o', each]), ...args], work);
  apt('update');
  try {
    apt('download', `${pinned.name}=${pinned.version}`);
  } catch {
    // An archive drops old versions; bytecode is made by the same engine, so any will do.
    apt('download', pinned.name);
  }
  const deb = readdirSync(work).find((name) => name.endsWith('.deb'));
  if (deb === undefined) throw new Error(`apt-get downloaded no ${pinned.name}`);
  const sum = createHash('sha256')
    .update(readFileSync(join(work, deb)))
    .digest('hex');
  if (sum !== pinned.sha256) {
    if (deb.includes(`_${pinned.version}_`))
      throw new Error(`${deb} has the SHA-256 ${sum}, not ${pinned.sha256}`);
    console.error(`build:engine: Debian has ${deb} in place of ${pinned.version}`);
  }
  return join(work, deb);
}

/** @param {string} program @param {readonly string[]} args @param {string} [cwd] */
function run(program, args, cwd) {
  const { status, error, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(`${program} ${args.at(-1)}: ${error?.message ?? stderr.trim()}`);
  }
}
