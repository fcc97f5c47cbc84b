/** @import { Addresses } from '../addresses.js' */
/** @import { Signer } from './sign.js' */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installerText } from '../installer.js';
import { aptSources, makeApt } from './apt.js';
import { dnfRepo, makeDnf } from './dnf.js';
import { differences, hashesBelow, sumsText } from './files.js';
import { verify } from './sign.js';

const sums = 'SHA256SUMS';

/**
 * @typedef {object} Release
 * @property {string} version
 * @property {string} built the folder with its artefacts, as npm run package makes it
 * @property {readonly string[]} earlier the folders with the files of earlier releases, as earlierFiles gives them
 * @property {Addresses} addresses
 * @property {string} time of its commit, in seconds since 1970
 * @property {Signer} signer
 */

/**
 * Makes all that the web server gets, in `folder`: the release's files with their hashes and signatures, the script that installs it, and the
 * repositories for apt and dnf, which have the earlier releases too.
 * @param {string} folder
 * @param {Release} release
 */
export function makeSite(folder, { version, built, earlier, addresses, time, signer }) {
  const files = join(folder, `v${version}`);
  cpSync(built, files, { recursive: true });
  signRpms(files, signer);
  writeFileSync(join(files, sums), sumsText(hashesBelow(files)));
  signer.detached(join(files, sums), join(files, `${sums}.asc`));
  const all = [...earlier, files];
  makeApt(join(folder, 'apt'), withEnd(all, '.deb'), { time, signer });
  makeDnf(join(folder, 'dnf'), withEnd(all, '.rpm'), { time, signer });
  writeFileSync(join(folder, 'install.sh'), installerText(files, { version, ...addresses }));
  writeFileSync(join(folder, 'vmssh.asc'), signer.publicKey);
  writeFileSync(join(folder, 'vmssh.sources'), aptSources(addresses.site, signer.publicKey));
  writeFileSync(join(folder, 'vmssh.repo'), dnfRepo(addresses.site));
}

/**
 * The folders with the files of releases that were made before. Throws if one is missing, or is not what was signed.
 * @param {string} releases the folder of all releases
 * @param {readonly string[]} versions
 * @param {Addresses} addresses
 */
export function earlierFiles(releases, versions, { site, key }) {
  return versions.map((version) => {
    const folder = join(releases, version, 'site', `v${version}`);
    if (!existsSync(join(folder, sums)))
      throw new Error(
        `the repositories keep ${version}, and ${folder} is missing: download it from ${site}/v${version}/`,
      );
    verify(key, join(folder, `${sums}.asc`), join(folder, sums));
    const hashes = hashesBelow(folder);
    for (const name of [sums, `${sums}.asc`]) hashes.delete(name);
    const changed = differences(hashes, sumsIn(join(folder, sums)));
    if (changed.length > 0) throw new Error(`${folder} is not what was released: ${changed.join(', ')}`);
    return folder;
  });
}

/** A signature is in the rpm itself, so the hash in the list of its contents changes. @param {string} files @param {Signer} signer */
function signRpms(files, signer) {
  const rpms = withEnd([files], '.rpm');
  const hash = (/** @type {string} */ rpm) => createHash('sha256').update(readFileSync(rpm)).digest('hex');
  const before = rpms.map(hash);
  signer.rpms(rpms);
  for (const [i, rpm] of rpms.entries()) {
    const list = readFileSync(`${rpm}.cdx.json`, 'utf8');
    writeFileSync(`${rpm}.cdx.json`, list.replace(before[i] ?? '', hash(rpm)));
  }
}

/** @param {readonly string[]} folders @param {string} end */
function withEnd(folders, end) {
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(end))
      .sort()
      .map((name) => join(folder, name)),
  );
}

/** @param {string} file */
function sumsIn(file) {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}
