import { readFileSync, realpathSync } from 'node:fs';

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
