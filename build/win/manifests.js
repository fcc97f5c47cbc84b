import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { site } from '../release/addresses.js';

/** The names of the files by those of their templates; winget wants its own. */
const names = {
  'version.yaml': 'winget/vmssh.vmssh.yaml',
  'installer.yaml': 'winget/vmssh.vmssh.installer.yaml',
  'locale.en-US.yaml': 'winget/vmssh.vmssh.locale.en-US.yaml',
  'scoop.json': 'scoop/vmssh.json',
};

/**
 * Writes the manifests for winget and scoop of an archive into a folder. Neither is published.
 * @param {string} archive
 * @param {string} folder
 * @param {{ version: string, description: string, license: string, homepage?: string }} about package.json
 * @param {string} [base] the folder of the releases, without a slash at its end
 */
export function writeManifests(archive, folder, about, base = site) {
  const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex');
  const { version, description, license, homepage = base } = about;
  const url = `${base}/v${version}/vmssh-win32-x64.zip`;
  const values = { version, url, sha256, SHA256: sha256.toUpperCase(), license, description, homepage };
  for (const kind of ['winget', 'scoop']) {
    rmSync(join(folder, kind), { recursive: true, force: true });
    mkdirSync(join(folder, kind), { recursive: true });
  }
  for (const [template, name] of Object.entries(names)) {
    const text = readFileSync(fileURLToPath(new URL(template, import.meta.url)), 'utf8');
    writeFileSync(join(folder, name), filled(text, values, template.endsWith('.yaml')));
  }
}

/**
 * In JSON and in YAML a text in double quotes is written alike; a plain word needs none in YAML.
 * @param {string} text @param {Readonly<Record<string, string>>} values @param {boolean} isYaml
 */
function filled(text, values, isYaml) {
  return text.replaceAll(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`a manifest has no value {${name}}`);
    const quoted = JSON.stringify(value);
    if (!isYaml) return quoted.slice(1, -1);
    return /^[\w./:-]+$/.test(value) && !/^[\d.]+$/.test(value) && name !== 'description' ? value : quoted;
  });
}
