/** @import { Signer } from './sign.js' */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { architectures } from '../../package/architectures.js';
import { run } from '../../package/run.js';

const suite = 'dists/stable';
const processors = Object.values(architectures).map(({ deb }) => deb);

/**
 * Makes a repository for apt in `folder`, of static files: https://wiki.debian.org/DebianRepository/Format. Each index lies by its hash too, so that
 * somebody who upgrades during an upload gets either the older ones or the newer ones.
 * @param {string} folder
 * @param {readonly string[]} debs of all releases
 * @param {{ time: string, signer: Signer }} by `time`: in seconds since 1970
 */
export function makeApt(folder, debs, { time, signer }) {
  mkdirSync(join(folder, 'pool'), { recursive: true });
  for (const deb of debs) copyFileSync(deb, join(folder, 'pool', basename(deb)));
  const indexes = processors.flatMap((processor) => {
    const args = ['--multiversion', '--arch', processor, 'pool'];
    const packages = run('dpkg-scanpackages', args, { cwd: folder, get: 'apt-get install dpkg-dev' });
    const path = `main/binary-${processor}/Packages`;
    return [
      writeIndex(folder, path, Buffer.from(packages)),
      writeIndex(folder, `${path}.gz`, gzipSync(packages, { level: 9 })),
    ];
  });
  const release = join(folder, suite, 'Release');
  writeFileSync(release, releaseText(indexes, time));
  signer.clear(release, join(folder, suite, 'InRelease'));
  signer.detached(release, `${release}.gpg`);
}

/**
 * What apt reads to find the repository, with the key that signs it: a deb822 file for /etc/apt/sources.list.d.
 * @param {string} site
 * @param {string} publicKey in ASCII
 */
export function aptSources(site, publicKey) {
  const key = publicKey
    .trimEnd()
    .split('\n')
    .map((line) => ` ${line === '' ? '.' : line}\n`);
  return `Types: deb\nURIs: ${site}/apt\nSuites: stable\nComponents: main\nSigned-By:\n${key.join('')}`;
}

/** @param {string} folder @param {string} path below the suite @param {Buffer} bytes */
function writeIndex(folder, path, bytes) {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const place = join(folder, suite, path);
  const byHash = join(dirname(place), 'by-hash/SHA256');
  mkdirSync(byHash, { recursive: true });
  writeFileSync(place, bytes);
  writeFileSync(join(byHash, sha256), bytes);
  return { path, sha256, size: bytes.length };
}

/** @param {readonly { path: string, sha256: string, size: number }[]} indexes @param {string} time */
function releaseText(indexes, time) {
  return `Origin: vmssh
Label: vmssh
Suite: stable
Codename: stable
Date: ${new Date(Number(time) * 1000).toUTCString()}
Architectures: ${processors.join(' ')}
Components: main
Acquire-By-Hash: yes
SHA256:
${indexes.map(({ path, sha256, size }) => ` ${sha256} ${size} ${path}\n`).join('')}`;
}
