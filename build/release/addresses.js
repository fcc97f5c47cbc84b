import { readFileSync } from 'node:fs';

/**
 * What only the owner can fill in, in addresses.json: docs/contributing/release.md. Each is "" as long as nothing is published.
 * @typedef {object} Addresses
 * @property {string} site the folder of the web server with the releases and repositories, without a slash at its end
 * @property {string} upload the same folder, as rsync writes to it: "user@host:/srv/www/vmssh"
 * @property {string} repository where git clones the sources from: "https://example.org/vmssh.git"
 * @property {string} bugs the page where bugs are reported: "https://example.org/vmssh/issues"
 * @property {string} maintainer as "Name <mail@example.org>"
 * @property {string} key the fingerprint of the key that signs releases
 */

export const addresses = /** @type {Addresses} */ (
  JSON.parse(readFileSync(new URL('addresses.json', import.meta.url), 'utf8'))
);

/** Where the releases are; as long as nothing is published, a placeholder that leads nowhere. */
export const site = addresses.site || 'https://filled-at-release.invalid';

/** For fields of packages that have to name somebody. */
export const maintainer = addresses.maintainer || `the authors of vmssh <vmssh@${new URL(site).hostname}>`;

/** http is only for a rehearsal on this machine. */
const forms = {
  site: /^(https:\/\/[\w.-]+|http:\/\/127\.0\.0\.1)(:\d+)?(\/[\w.~-]+)*$/,
  upload: /^[\w/][\w.@:/~-]*[^/]$/,
  repository: /^https:\/\/[\w.-]+(:\d+)?(\/[\w.~-]+)+$/,
  bugs: /^https:\/\/[\w.-]+(:\d+)?(\/[\w.~-]+)+$/,
  maintainer: /^[^<>"'\\\n]+ <[^<>\s"'\\]+@[^<>\s"'\\]+>$/,
  key: /^[0-9A-F]{40}$/,
};

/**
 * What a published package.json says of the project; nothing as long as nothing is published.
 * @param {Pick<Addresses, 'site' | 'repository' | 'bugs'>} filled
 * @param {string} [directory] of the package in the repository; undefined: the root
 */
export function packageFields({ site, repository, bugs }, directory) {
  if (repository === '') return {};
  return {
    repository: { type: 'git', url: `git+${repository}`, ...(directory ? { directory } : {}) },
    homepage: site,
    bugs: { url: bugs },
  };
}

/** What has to be filled in before a release, one line each. @param {Addresses} filled */
export function missingAddresses(filled) {
  return Object.entries(forms)
    .map(([name, form]) => ({ name, form, value: filled[/** @type {keyof Addresses} */ (name)] }))
    .filter(({ form, value }) => !form.test(value))
    .map(({ name, form, value }) => `"${name}" is ${JSON.stringify(value)}, and has to match ${form.source}`);
}
