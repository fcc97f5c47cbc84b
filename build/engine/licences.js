/** @import { Target } from './toolchains.js' */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { licencesText, licenceText } from './licence-text.js';
import { hasMusl, muslPackage } from './musl.js';
import { toolchainOf } from './toolchains.js';

/**
 * @typedef {object} Library
 * @property {string} title
 * @property {string} path of its copyright(5)
 * @property {{ readonly version: string, readonly architecture: string }} [unpacked] if dpkg does not know it
 */

/** What the linker takes of the compiler's static libraries, and of musl. */
const ofLinux = ['libc.a', 'libstdc++.a', 'libgcc.a'];
const ofWindows = ['libmingwex.a', 'libwinpthread.a', 'libstdc++.a', 'libgcc.a'];

/**
 * The licences of all that an executable has in it beside vmssh itself, as one text. Throws if one is missing.
 * @param {string} sources the engine's folder
 * @param {readonly string[]} packages folders of npm packages
 * @param {Target} target that it is for
 */
export function licences(sources, packages, target) {
  const parts = [
    { title: 'QuickJS-ng', path: engineLicence(sources) },
    ...packages.map((folder) => ({ title: titleOf(folder), path: licenceFile(folder) })),
    ...libraryLicences(target).filter(isFirst),
  ];
  const head = `The executable vmssh is under the licence in the file LICENSE. Linked into it are:
${parts.map(({ title }) => `\n- ${title}`).join('')}
\nThe last ones are Debian's packages of the C and C++ libraries. To link vmssh to others, build it from its sources.`;
  return licencesText(
    head,
    parts.map(({ title, path }) => ({ title, text: licenceText(path) })),
  );
}

/** @param {string} folder */
function titleOf(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return `${name} ${version}`;
}

/** @param {string} sources the engine's folder */
export function engineLicence(sources) {
  return join(sources, '../../share/doc/qjs-src/copyright');
}

/** Of an npm package. @param {string} folder */
export function licenceFile(folder) {
  const name = readdirSync(folder).find((each) => /^licen[cs]e(\.|$)/i.test(each));
  if (name === undefined) throw new Error(`${folder} has no licence`);
  return join(folder, name);
}

/**
 * Of the Debian packages that they come from, by name.
 * @param {Target} target
 * @returns {readonly Library[]}
 */
export function libraryLicences(target) {
  const { cpp } = toolchainOf(target);
  const isMusl = target !== 'win32-x64' && hasMusl(target);
  const libraries = (target === 'win32-x64' ? ofWindows : ofLinux).filter(
    (name) => !isMusl || name !== 'libc.a',
  );
  const names = libraries.map((library) => {
    const path = realpathSync(answer(cpp, `-print-file-name=${library}`));
    return answer('dpkg-query', '-S', path).replace(/:.*/s, '');
  });
  const installed = [...new Set(names)].map((title) => ({
    title,
    path: realpathSync(`/usr/share/doc/${title}/copyright`),
  }));
  return isMusl ? [muslPackage(target), ...installed] : installed;
}

/**
 * Packages of one source share a file.
 * @param {{ readonly path: string }} part @param {number} index @param {readonly { readonly path: string }[]} parts
 */
function isFirst({ path }, index, parts) {
  return index === parts.findIndex((each) => each.path === path);
}

/** @param {string} program @param {readonly string[]} args */
function answer(program, ...args) {
  const { stdout, stderr, status, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
  return stdout.trim();
}
