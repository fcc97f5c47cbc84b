/** @import { Addresses } from './addresses.js' */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A name and a digest: a name alone can be another image tomorrow. */
const pinnedImage = /^[a-z0-9./:-]+@sha256:[0-9a-f]{64}\n$/;

/**
 * What only the owner can fill in besides the addresses, one line each: the key in SECURITY.md by which users know a release, and the image
 * in which .github/workflows/release.yml builds.
 * @param {string} root
 * @param {Pick<Addresses, 'key'>} addresses
 */
export function missingTexts(root, { key }) {
  const read = (/** @type {string} */ path) => readFileSync(join(root, path), 'utf8');
  const field = /^Key: *(.*)$/m.exec(read('SECURITY.md'))?.[1]?.replaceAll(/[ `]/g, '');
  return [
    ...(field === key && key !== ''
      ? []
      : [
          `"Key:" of SECURITY.md is ${JSON.stringify(field ?? null)}, and has to be the key that signs: ${key}`,
        ]),
    ...(pinnedImage.test(read('.ci/builder-image'))
      ? []
      : [
          '.ci/builder-image has no digest: docker buildx imagetools inspect --format "{{.Manifest.Digest}}" NAME prints it; write NAME@sha256:…',
        ]),
  ];
}
