import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../bundle/bundle.js';
import { sourceTime } from '../bundle/commit.js';
import { fixModes } from '../package/archive.js';
import { run } from '../package/run.js';
import { addresses, maintainer } from '../release/addresses.js';

/**
 * What differs between our packages. `programs`: the static ones, from usr/ on. `relations`: lines of DEBIAN/control, as deb-control(5) has
 * them. `summary` and `description`: of one line, and of lines that each begin with a blank.
 * @typedef {{ name: string, version: string, architecture: string, change: string, programs: string[], relations: string, summary: string, description: string, compression: 'gzip' | 'xz' }} Debian
 */

/**
 * Makes a Debian package of a folder that has its files, its copyright and its scripts; adds the rest. The same input gives the same bytes.
 * Throws if dpkg-deb fails.
 * @param {string} tree @param {string} deb its path @param {Debian} about
 */
export function packDebian(tree, deb, about) {
  const { name, version, architecture, change, programs, relations, summary, description, compression } =
    about;
  const time = sourceTime(root);
  const put = (/** @type {string} */ path, /** @type {string | Uint8Array} */ content) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true, mode: 0o755 });
    writeFileSync(join(tree, path), content, { mode: 0o644 });
  };
  const date = new Date(Number(time) * 1000).toUTCString().replace('GMT', '+0000');
  const changes = `${name} (${version}) unstable; urgency=medium

  * ${change}

 -- ${maintainer}  ${date}
`;
  put(`usr/share/doc/${name}/changelog.gz`, gzipSync(changes, { level: 9 }));
  // What lintian would take for a fault.
  const overrides = programs
    .map((path) => `${name}: shared-library-lacks-prerequisites [${path}]\n`)
    .join('');
  put(
    `usr/share/lintian/overrides/${name}`,
    `# Programs, not libraries: they are static, and run at any address (static-pie).\n${overrides}`,
  );
  const paths = readdirSync(join(tree, 'usr'), { recursive: true, encoding: 'utf8' });
  const files = paths.map((path) => join(tree, 'usr', path)).filter((path) => lstatSync(path).isFile());
  put(
    'DEBIAN/control',
    `Package: ${name}
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${installedSize(files, paths.length)}
${relations}Section: net
Priority: optional
${addresses.site && `Homepage: ${addresses.site}\n`}Description: ${summary}
${description}`,
  );
  put('DEBIAN/md5sums', md5sums(tree, files));
  fixModes(tree);
  run('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '--build', tree, `${deb}.new`], {
    env: { SOURCE_DATE_EPOCH: time, ...process.env },
  });
  renameSync(`${deb}.new`, deb);
}

/** In KiB, as deb-substvars(5) counts: on any file system the same. @param {string[]} files @param {number} entries */
function installedSize(files, entries) {
  const sizes = files.map((path) => Math.ceil(lstatSync(path).size / 1024));
  return sizes.reduce((sum, size) => sum + size, entries - files.length);
}

/** By which dpkg --verify finds a changed file. @param {string} tree @param {string[]} files */
function md5sums(tree, files) {
  return files
    .map((path) => `${createHash('md5').update(readFileSync(path)).digest('hex')}  ${relative(tree, path)}\n`)
    .sort((one, other) => (one.slice(34) < other.slice(34) ? -1 : 1))
    .join('');
}
