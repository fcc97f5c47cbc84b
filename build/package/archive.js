import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { installedFiles, siteZsh, writeFiles } from './installed.js';
import { run } from './run.js';

/**
 * A tarball for any Linux: one folder with bin and share, which can stay where it is or be copied to a prefix.
 * @param {string} from the folder with the executable
 * @param {string} tarball whose name without .tar.gz is the folder's
 */
export async function makeArchive(from, tarball) {
  const name = basename(tarball, '.tar.gz');
  const work = join(dirname(tarball), 'work');
  rmSync(work, { recursive: true, force: true });
  writeFiles(await installedFiles(from, siteZsh), join(work, name));
  makeTarball(tarball, work, name);
  rmSync(work, { recursive: true });
}

/**
 * Packs the files of a folder of `work`. The same input gives the same bytes: no times, no owners. It has no entries for folders: one
 * that is there already keeps its mode and its time when the files are unpacked into it.
 * @param {string} tarball @param {string} work @param {string} name of the folder
 */
export function makeTarball(tarball, work, name) {
  fixModes(join(work, name));
  const files = readdirSync(join(work, name), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(work.length + 1))
    .sort();
  const plain = ['--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  run('tar', [...plain, '--use-compress-program=gzip -n9', '-cf', tarball, '-C', work, ...files]);
}

/** Before a folder is packed: its modes do not depend on the builder's umask, or on the folder that it is in. @param {string} folder */
export function fixModes(folder) {
  run('chmod', ['-R', 'u=rwX,go=rX,a-s', folder]);
}
