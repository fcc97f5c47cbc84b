import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const template = readFileSync(new URL('install.sh', import.meta.url), 'utf8');

/**
 * The script that installs a release on any Linux, with the hashes of its tarballs in it.
 * @param {string} built the folder with the tarballs
 * @param {{ version: string, site: string, key: string }} release
 */
export function installerText(built, { version, site, key }) {
  const hash = (/** @type {string} */ processor) =>
    createHash('sha256')
      .update(readFileSync(join(built, `vmssh-${version}-linux-${processor}.tar.gz`)))
      .digest('hex');
  /** @type {Readonly<Record<string, string>>} */
  const values = {
    VERSION: version,
    SITE: site,
    KEY: key,
    SHA256_X64: hash('x64'),
    SHA256_ARM64: hash('arm64'),
  };
  return template.replace(/@(\w+)@/g, (_, name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`install.sh has @${name}@, which nothing fills in`);
    return value;
  });
}
