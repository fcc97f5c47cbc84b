/** @import { Library } from '../engine/licences.js' */
/** @import { LinuxTarget, Target } from '../engine/toolchains.js' */
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { root } from '../bundle/bundle.js';
import { bundleForEngine } from '../engine/bundle.js';
import { licenceText, partsOfLicences } from '../engine/licence-text.js';
import { engineLicence, libraryLicences, licenceFile } from '../engine/licences.js';
import { engineSources } from '../engine/sources.js';
import { sshdFolder, sshdLibraries } from '../sshd/build.js';
import { opensshPackage } from '../sshd/sources.js';
import { run } from './run.js';

/**
 * @typedef {object} Component of an artefact, as CycloneDX names the fields
 * @property {string} name
 * @property {string} version
 * @property {string} purl
 * @property {string} license an SPDX identifier, or what the text is
 * @property {string} text of the licence, whole
 */

/**
 * All that is linked into the executable: the engine, npm packages, the headers of Node-API, and the libraries of C and C++.
 * @param {Target} target @returns {Promise<readonly Component[]>}
 */
export async function executableComponents(target) {
  const sources = await engineSources();
  const folder = join(root, 'node_modules/.cache/vmssh-components');
  const { packages } = await bundleForEngine(folder, join(root, 'src/program/executable.ts'));
  rmSync(folder, { recursive: true });
  return [
    engine(sources),
    ...packages.map(npmComponent),
    headers(),
    ...libraryLicences(target).map(debianComponent),
  ];
}

/** All that is linked into the sshd that is brought into machines. @param {LinuxTarget} target @returns {readonly Component[]} */
export function sshdComponents(target) {
  const [{ text = '' } = {}] = partsOfLicences(readFileSync(join(sshdFolder(target), 'LICENSES'), 'utf8'));
  const purl = `pkg:deb/debian/openssh@${encodeURIComponent(opensshPackage)}?arch=source`;
  const openssh = { name: 'openssh', version: opensshPackage, purl, license: 'see the text', text };
  return [openssh, ...sshdLibraries(target).map(debianComponent)];
}

/**
 * What the addon is made of beside our own code, for these targets: the libraries of C++ are linked in, that of C is not, on Linux.
 * @param {readonly Target[]} targets @returns {readonly Component[]}
 */
export function addonComponents(targets) {
  const libraries = targets.flatMap((target) =>
    libraryLicences(target).filter(({ title }) => !/^(musl|libc6)-dev/.test(title)),
  );
  return [headers(), ...libraries.map(debianComponent)];
}

/** The npm packages that npm installs with vmssh. @returns {readonly Component[]} */
export function dependencyComponents() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path, { dev, optional, link }]) => /^node_modules\//.test(path) && !dev && !optional && !link)
    .map(([path]) => npmComponent(join(root, path)));
}

/** @param {string} sources @returns {Component} */
function engine(sources) {
  const header = readFileSync(join(sources, 'quickjs.h'), 'utf8');
  const [major, minor, patch] = ['MAJOR', 'MINOR', 'PATCH'].map(
    (part) => new RegExp(`QJS_VERSION_${part} +(\\d+)`).exec(header)?.[1],
  );
  const version = `${major}.${minor}.${patch}`;
  const purl = `pkg:github/quickjs-ng/quickjs@v${version}`;
  return {
    name: 'quickjs-ng',
    version,
    purl,
    license: 'MIT',
    text: readFileSync(engineLicence(sources), 'utf8'),
  };
}

function headers() {
  return npmComponent(dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json')));
}

/** @param {string} folder @returns {Component} */
function npmComponent(folder) {
  const { name, version, license, licenses } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const text = readFileSync(licenceFile(folder), 'utf8');
  return { name, version, purl, license: license ?? licenses[0].type, text };
}

/** @param {Library} library @returns {Component} */
function debianComponent({ title: name, path, unpacked }) {
  const { version, architecture } = unpacked ?? installed(name);
  const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`;
  return { name, version, purl, license: 'see the text', text: licenceText(path) };
}

/** @param {string} name */
function installed(name) {
  const status = run('dpkg-query', ['-s', name]);
  const field = (/** @type {string} */ key) => new RegExp(`^${key}: (.*)$`, 'm').exec(status)?.[1] ?? '';
  return { version: field('Version'), architecture: field('Architecture') };
}
