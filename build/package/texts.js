import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { site } from '../release/addresses.js';

/** How a language writes a text; none has anything in ours that it would read otherwise. */
const quotes = {
  'vmssh.rb': JSON.stringify,
  PKGBUILD: (/** @type {string} */ text) => `'${text}'`,
  'vmssh.nix': JSON.stringify,
};

/**
 * Writes the formula for Homebrew, the PKGBUILD and the expression for Nix of the tarballs into a folder; returns their paths. None is
 * published: `base` is where they would be downloaded from.
 * @param {Readonly<Record<string, string>>} tarballs by their targets, as "linux-x64"
 * @param {string} folder
 * @param {{ version: string, description: string, license: string, homepage?: string }} about package.json
 * @param {string} [base] the folder of the releases, without a slash at its end
 */
export function writeTexts(tarballs, folder, about, base = site) {
  const { version, description, license, homepage = base } = about;
  /** @type {Record<string, string>} */
  const values = { version, license, description, homepage };
  for (const [target, tarball] of Object.entries(tarballs)) {
    const processor = target.replace('linux-', '');
    values[`url_${processor}`] = `${base}/v${version}/${basename(tarball)}`;
    values[`sha256_${processor}`] = createHash('sha256').update(readFileSync(tarball)).digest('hex');
  }
  return Object.entries(quotes).map(([name, quoted]) => {
    const template = readFileSync(fileURLToPath(new URL(`texts/${name}`, import.meta.url)), 'utf8');
    const text = template.replaceAll(/(?<!#)\{(\w+)\}/g, (_, key) => {
      const value = values[key];
      if (value === undefined) throw new Error(`${name} has no value {${key}}`);
      if (/['"\\$#\n]/.test(value)) throw new Error(`${name} cannot have ${JSON.stringify(value)}`);
      return quoted(value);
    });
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  });
}
