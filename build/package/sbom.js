/** @import { Component } from './components.js' */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../bundle/bundle.js';
import { commitOf } from '../bundle/commit.js';

/** Whole expressions of SPDX that we have are single identifiers. */
const spdx = /^[A-Za-z0-9.+-]+$/;

/**
 * Writes what an artefact contains beside it, as ARTEFACT.cdx.json: CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/. It has no time and no
 * serial number, so that the same artefact gives the same bytes. Returns its path.
 * @param {string} artefact
 * @param {readonly Component[]} components
 * @param {{ version: string, description: string, license: string }} about package.json
 */
export function writeSbom(artefact, components, about) {
  const path = `${artefact}.cdx.json`;
  writeFileSync(path, `${JSON.stringify(sbomOf(artefact, components, about), undefined, 2)}\n`);
  return path;
}

/** @param {string} artefact @param {readonly Component[]} components @param {{ version: string, description: string, license: string }} about */
export function sbomOf(artefact, components, { version, description, license }) {
  const sha256 = createHash('sha256').update(readFileSync(artefact)).digest('hex');
  const commit = commitOf(root)?.id;
  const own = {
    ...{ type: 'application', 'bom-ref': 'vmssh', name: 'vmssh', version, description },
    hashes: [{ alg: 'SHA-256', content: sha256 }],
    licenses: [licenseOf(license, readFileSync(join(root, 'LICENSE'), 'utf8'))],
    properties: [
      { name: 'vmssh:artefact', value: basename(artefact) },
      ...(commit === undefined ? [] : [{ name: 'vmssh:commit', value: commit }]),
    ],
  };
  return {
    ...{ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 },
    metadata: { component: own },
    components: components.map(({ name, version, purl, license, text }) => ({
      ...{ type: 'library', 'bom-ref': purl, name, version, purl },
      licenses: [licenseOf(license, text)],
    })),
    dependencies: [
      { ref: 'vmssh', dependsOn: components.map(({ purl }) => purl) },
      ...components.map(({ purl }) => ({ ref: purl })),
    ],
  };
}

/** @param {string} name @param {string} content */
function licenseOf(name, content) {
  const text = { contentType: 'text/plain', content };
  return { license: spdx.test(name) ? { id: name, text } : { name, text } };
}
