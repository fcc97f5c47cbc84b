// Makes every package into dist/package: npm run package. It wants what build:exe and build:win make.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../bundle/bundle.js';
import { sourceTime } from '../bundle/commit.js';
import { executableFolder } from '../executable.js';
import { placeholder, writeManifests } from '../win/manifests.js';
import { makeArchive } from './archive.js';
import { addonComponents, dependencyComponents, executableComponents } from './components.js';
import { makeNpmPackages } from './npm.js';
import { makeRpm } from './rpm.js';
import { run } from './run.js';
import { writeSbom } from './sbom.js';
import { writeTexts } from './texts.js';

const folder = join(root, 'dist/package');
const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { version } = about;
const place = (/** @type {string} */ name) => join(folder, name);

// Modes do not depend on who builds.
process.umask(0o022);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const linux = await executableComponents('linux');
const deb = place(`vmssh_${version}_amd64.deb`);
run(process.execPath, [join(root, 'build/deb.js'), executableFolder, folder]);
writeSbom(deb, linux, about);

const tarball = place(`vmssh-${version}-linux-x64.tar.gz`);
await makeArchive(executableFolder, tarball);
writeSbom(tarball, linux, about);
// Homebrew wants less than 80 characters.
writeTexts(tarball, folder, {
  ...about,
  description: 'ssh into virtual machines and containers on this host',
});

const rpm = place(`vmssh-${version}-1.x86_64.rpm`);
await makeRpm(executableFolder, rpm, { homepage: placeholder, ...about, time: sourceTime(root) });
writeSbom(rpm, linux, about);

const [platform = '', main = '', addon = ''] = makeNpmPackages(executableFolder, folder);
writeSbom(platform, linux, about);
writeSbom(main, dependencyComponents(), about);

// Made by build:win, which wants a compiler for Windows.
const zip = join(root, 'dist/vmssh-win32-x64.zip');
const forWindows = existsSync(zip);
writeSbom(addon, addonComponents(forWindows ? ['linux', 'win32'] : ['linux']), about);
if (forWindows) {
  copyFileSync(zip, place(basename(zip)));
  writeSbom(place(basename(zip)), await executableComponents('win32'), about);
  writeManifests(zip, folder, about);
}
console.log(folder);
