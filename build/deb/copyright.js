import { commonLicences, partsOfLicences } from '../engine/licence-text.js';

/**
 * The copyright file of a Debian package (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/): the licence of vmssh,
 * and those of what is linked into its executable. Debian has the licences of many programs in /usr/share/common-licenses; they are named.
 * @param {string} own the text of LICENSE
 * @param {string} linked the text of LICENSES beside the executable
 * @param {string} source where the sources are
 * @param {string} [files] that it is linked into
 */
export function copyrightText(own, linked, source, files = 'usr/bin/vmssh') {
  const parts = partsOfLicences(linked).map(({ title, text }) => ({
    name: title.replaceAll(/[^\w.+-]+/g, '-').replace(/^-/, ''),
    text: commonLicences(text),
  }));
  const names = ['Expat', ...parts.map(({ name }) => name)];
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    'Upstream-Name: vmssh',
    `Source: ${source}`,
    '',
    'Files: *',
    `Copyright: ${holders(own).join('\n ')}`,
    'License: Expat',
    '',
    `Files: ${files}`,
    'Comment: What is linked into it: each has its licence below, by its name.',
    `Copyright: ${[own, ...parts.map(({ text }) => text)].flatMap(holders).join('\n ')}`,
    `License: ${names.join(' and ')}`,
    '',
    'License: Expat',
    field(own),
    ...parts.flatMap(({ name, text }) => ['', `License: ${name}`, field(text)]),
    '',
  ].join('\n');
}

/** The lines that name who has the copyright. @param {string} text */
function holders(text) {
  const lines = text.matchAll(/^\W*(?:Copyright:(?=.*\d{4})|Copyright (?:\([cC]\)|©)) *(.*\S)/gm);
  return [...new Set([...lines].map(([, holder = '']) => holder))];
}

/** A text as lines of a field. @param {string} text */
function field(text) {
  const lines = text.trim().split('\n');
  return lines.map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`)).join('\n');
}
