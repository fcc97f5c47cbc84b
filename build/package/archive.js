import { rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { installedFiles, siteZsh, writeFiles } from './installed.js';
import { run } from './run.js';

/**
 * A tarball for any Linux: one folder with bin and share, which can stay where it is or be copied to a prefix. The same input gives the
 * same bytes: no times, no owners.
 * @param {string} from the folder with the executable
 * @param {string} tarball whose name without .tar.gz is the folder's
 */
export async function makeArchive(from, tarball) {
  const name = basename(tarball, '.tar.gz');
  const work = join(dirname(tarball), 'work');
  rmSync(work, { recursive: true, force: true });
  writeFiles(await installedFiles(from, siteZsh), join(work, name));
  const plain = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  run('tar', [...plain, '--use-compress-program=gzip -n9', '-cf', tarball, '-C', work, name]);
  rmSync(work, { recursive: true });
}
