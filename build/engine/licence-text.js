import { readFileSync, realpathSync } from 'node:fs';

const line = '='.repeat(80);

/**
 * A licence, whole: Debian's copyright files only name those that many programs have, as /usr/share/common-licenses/GPL-3. These follow
 * at the end.
 * @param {string} path
 */
export function licenceText(path) {
  const text = readFileSync(path, 'utf8').trim();
  const names = [...text.matchAll(/\/usr\/share\/common-licenses\/([\w.-]*\w)/g)].map(([file]) =>
    realpathSync(file),
  );
  const named = [...new Set(names)].map((file) => `\n\n${file}:\n\n${readFileSync(file, 'utf8').trim()}`);
  return `${text}${named.join('')}\n`;
}

/** Such a text as it was, which names the licences that many programs have. @param {string} text */
export function commonLicences(text) {
  return text.replace(/\n\n\/usr\/share\/common-licenses\/[\w.-]+:\n\n[\s\S]*$/, '\n');
}

/** Licences as one text. @param {string} head @param {readonly { title: string, text: string }[]} parts */
export function licencesText(head, parts) {
  return `${head}\n${parts.map(({ title, text }) => `\n${line}\n${title}\n${line}\n\n${text}`).join('')}`;
}

/** What `licencesText` put into one. @param {string} text */
export function partsOfLicences(text) {
  const [, ...parts] = text.split(new RegExp(`^${line}\n(.*)\n${line}\n\n`, 'm'));
  return parts
    .filter((_, i) => i % 2 === 0)
    .map((title, i) => ({ title, text: parts[2 * i + 1]?.replace(/\n$/, '') ?? '' }));
}
