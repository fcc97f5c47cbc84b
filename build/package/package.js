// Makes every package into dist/package: npm run package. It wants what build:exe, for both processors, and build:win make.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../bundle/bundle.js';
import { sourceTime } from '../bundle/commit.js';
import { executableFolder } from '../executable.js';
import { maintainer, site } from '../release/addresses.js';
import { makeSshdPackages } from '../sshd/packages.js';
import { writeManifests } from '../win/manifests.js';
import { architectures, linuxTargets } from './architectures.js';
import { makeArchive } from './archive.js';
import { addonComponents, dependencyComponents, executableComponents, sshdComponents } from './components.js';
import { makeNpmPackages } from './npm.js';
import { makeRpm } from './rpm.js';
import { run } from './run.js';
import { writeSbom } from './sbom.js';
import { writeSources } from './sources.js';

const folder = join(root, 'dist/package');
const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { version } = about;
const place = (/** @type {string} */ name) => join(folder, name);

// Modes do not depend on who builds.
process.umask(0o022);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const sources = new Map();
for (const target of linuxTargets) {
  const from = executableFolder(target);
  const { deb: ofDeb, rpm: ofRpm } = architectures[target];
  sources.set(target, await executableComponents(target));
  const sbom = (/** @type {string} */ artefact) => writeSbom(artefact, sources.get(target), about);

  const deb = place(`vmssh_${version}_${ofDeb}.deb`);
  run(process.execPath, [join(root, 'build/deb.js'), from, folder, target]);
  sbom(deb);

  const tarball = place(`vmssh-${version}-${target}.tar.gz`);
  await makeArchive(from, tarball);
  sbom(tarball);

  const rpm = place(`vmssh-${version}-1.${ofRpm}.rpm`);
  await makeRpm(from, rpm, ofRpm, {
    ...{ homepage: site, maintainer, time: sourceTime(root) },
    ...about,
  });
  sbom(rpm);
}
for (const target of linuxTargets)
  for (const artefact of makeSshdPackages(target, folder, about))
    writeSbom(artefact, sshdComponents(target), about);

const { platforms, main, addon } = makeNpmPackages(folder);
platforms.forEach((platform, index) => {
  writeSbom(platform, sources.get(linuxTargets[index]), about);
});
writeSbom(main, dependencyComponents(), about);

// Made by build:win, which wants a compiler for Windows.
const zip = join(root, 'dist/vmssh-win32-x64.zip');
const forWindows = existsSync(zip);
writeSbom(addon, addonComponents(forWindows ? [...linuxTargets, 'win32-x64'] : linuxTargets), about);
if (forWindows) {
  copyFileSync(zip, place(basename(zip)));
  writeSbom(place(basename(zip)), await executableComponents('win32-x64'), about);
  writeManifests(zip, folder, about);
}
await writeSources(place('sources'), version);
console.log(folder);
