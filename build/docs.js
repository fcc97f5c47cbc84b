// The pages of docs/, which help, errors and man pages name, for what is packed.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** For those who have the sources. */
const ofSources = /^docs\/(contributing|decisions)\//;

/**
 * The pages for users, by their paths in the repository, in order. Links to pages that are not among them are only text.
 * @returns {readonly { path: string, content: string }[]}
 */
export function manualPages() {
  return readdirSync(join(root, 'docs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
    .filter((path) => !ofSources.test(path))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return { path, content: path.endsWith('.md') ? withoutLinks(text, dirname(path)) : text };
    });
}

/** @param {string} text @param {string} folder of the page */
function withoutLinks(text, folder) {
  return text
    .replace(/^## For contributors\n[\s\S]*?(?=^## |$(?![\s\S]))/m, '')
    .replaceAll(/\[([^\]]*)\]\(((?!\w+:)[^)#]+)[^)]*\)/g, (link, label, target) =>
      ofSources.test(`${join(folder, target)}/`) ? label : link,
    );
}

/**
 * Writes them below a folder; returns their paths there.
 * @param {string} folder
 */
export function copyDocs(folder) {
  return manualPages().map(({ path, content }) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
    return path;
  });
}
