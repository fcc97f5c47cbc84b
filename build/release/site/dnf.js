/** @import { Signer } from './sign.js' */
import { copyFileSync, mkdirSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from '../../package/run.js';

/**
 * Makes a repository for dnf in `folder`, of static files, by createrepo_c.
 * @param {string} folder
 * @param {readonly string[]} rpms of all releases, signed
 * @param {{ time: string, signer: Signer }} by `time`: in seconds since 1970
 */
export function makeDnf(folder, rpms, { time, signer }) {
  mkdirSync(join(folder, 'packages'), { recursive: true });
  for (const rpm of rpms) {
    const place = join(folder, 'packages', basename(rpm));
    copyFileSync(rpm, place);
    // It is noted for each package.
    utimesSync(place, Number(time), Number(time));
  }
  // gzip: dnf of RHEL 8 reads no zstd.
  const compression = ['--general-compress-type=gz', '--no-database'];
  const times = [`--revision=${time}`, '--set-timestamp-to-revision'];
  const args = ['--quiet', '--workers=1', ...compression, ...times, folder];
  run('createrepo_c', args, { get: 'apt-get install createrepo-c' });
  const index = join(folder, 'repodata/repomd.xml');
  signer.detached(index, `${index}.asc`);
}

/** What dnf reads to find the repository and its key: a file for /etc/yum.repos.d. @param {string} site */
export function dnfRepo(site) {
  return `[vmssh]
name=vmssh
baseurl=${site}/dnf
enabled=1
gpgcheck=1
repo_gpgcheck=1
gpgkey=${site}/vmssh.asc
`;
}
