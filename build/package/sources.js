import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../bundle/bundle.js';
import { commitOf } from '../bundle/commit.js';
import { debianFile, debianFileName, debianSource } from '../engine/debian-package.js';
import { muslOfArm64 } from '../engine/musl.js';
import { engineOrigins, enginePackage } from '../engine/sources.js';
import { opensshOrigins } from '../sshd/sources.js';
import { run } from './run.js';

/** The files of Debian that an executable is built from, besides what a system has installed. */
const packages = [
  {
    pinned: { ...enginePackage, architecture: 'all' },
    what: 'the engine: QuickJS-ng, with Debian’s patches',
  },
  { pinned: muslOfArm64, what: 'the C library for arm64' },
];

/**
 * Writes the sources of a release into a folder, so that it can be built when no archive has them any more: those of the commit, Debian's
 * files as they were pinned, their licences, and a page about them. The same commit gives the same bytes.
 * @param {string} folder
 * @param {string} version
 * @param {import('../engine/debian-package.js').DownloadOptions} [options]
 * @param {readonly import('../engine/debian-package.js').PinnedSource[]} [origins]
 */
export async function writeSources(
  folder,
  version,
  options,
  origins = [...engineOrigins, ...opensshOrigins],
) {
  mkdirSync(folder, { recursive: true });
  const rows = [];
  for (const { pinned, what } of packages) {
    const name = debianFileName(pinned);
    const licence = `${pinned.name}.copyright`;
    const work = join(folder, 'work');
    mkdirSync(work);
    const file = await debianFile(pinned, work, options);
    run('dpkg-deb', ['-x', file, join(work, 'tree')]);
    copyFileSync(join(work, 'tree/usr/share/doc', pinned.name, 'copyright'), join(folder, licence));
    copyFileSync(file, join(folder, name));
    rmSync(work, { recursive: true });
    rows.push(`| \`${name}\` | ${what} | \`${pinned.sha256}\` | \`${licence}\` |\n`);
  }
  const lines = [];
  for (const origin of origins) {
    const why = await bring(origin, folder, options);
    if (why !== undefined) console.error(`sources: ${origin.name} is left out: nobody has it now: ${why}`);
    const place = why === undefined ? '' : ', not in this folder: no archive had it';
    lines.push(`- \`${origin.name}\`, SHA-256 ${origin.sha256}${place}\n`);
  }
  if (commitOf(root)) archiveCommit(join(folder, `vmssh-${version}.tar.gz`), version);
  writeFileSync(join(folder, 'README.md'), page(version, rows, lines));
}

/**
 * Undefined if the file is there now, else why it is not.
 * @param {import('../engine/debian-package.js').PinnedSource} origin
 * @param {string} folder
 * @param {import('../engine/debian-package.js').DownloadOptions} [options]
 */
async function bring(origin, folder, options) {
  const work = join(folder, 'work');
  mkdirSync(work);
  try {
    copyFileSync(await debianSource(origin, work, options), join(folder, origin.name));
    return undefined;
  } catch (error) {
    return /** @type {Error} */ (error).message;
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** @param {string} file @param {string} version */
function archiveCommit(file, version) {
  const tar = file.replace(/\.gz$/, '');
  run(
    'git',
    [
      '-c',
      'tar.umask=0022',
      'archive',
      '--format=tar',
      `--prefix=vmssh-${version}/`,
      `--output=${tar}`,
      'HEAD',
    ],
    {
      cwd: root,
    },
  );
  run('gzip', ['--no-name', '--best', '--force', tar]);
}

/** @param {string} version @param {readonly string[]} rows @param {readonly string[]} origins */
function page(version, rows, origins) {
  const commit = commitOf(root)?.id;
  const own = readFileSync(join(root, 'LICENSE'), 'utf8').split('\n')[0];
  return `# The sources of vmssh ${version}

${commit === undefined ? '' : `\`vmssh-${version}.tar.gz\` is commit ${commit} (${own}). `}Its executables are also built from these files of Debian, which a build takes from here if VMSSH_SOURCES names this
folder: \`VMSSH_SOURCES=$PWD npm run build:exe\`. Without it, they come from Debian's pool, or by their hash from the snapshot archive whose URL is in VMSSH_SNAPSHOT.

| file | what it is | SHA-256 | licence |
| --- | --- | --- | --- |
${rows.join('')}
\`${debianFileName(enginePackage)}\` has the sources with Debian’s patches applied. Debian made it of those of quickjs-ng, which no build needs; \`npm run build:sshd\` needs those of openssh:

${origins.join('')}
The packages of npm are in package-lock.json, each with its hash.
`;
}
