import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { placeholder, writeManifests } from '../../build/win/manifests.js';
import { useTempDir } from '../helpers/temp-dir.js';

const about = { version: '1.2.3', description: 'ssh: "local" machines', license: 'MIT' };
const dir = useTempDir();
const read = (name: string) => readFileSync(join(dir, name), 'utf8');
const hash = createHash('sha256').update('the archive').digest('hex');
const url = `${placeholder}/v1.2.3/vmssh-win32-x64.zip`;

/** The value of a key of a winget manifest, whichever level it is on. */
function fieldOf(file: string, key: string): unknown {
  const line = read(`winget/${file}`)
    .split('\n')
    .find((each) => each.replace(/^[- ]+/, '').startsWith(`${key}: `));
  const text = line?.slice(line.indexOf(': ') + 2) ?? '';
  return text.startsWith('"') ? JSON.parse(text) : text;
}

describe('the manifests of an archive', () => {
  const write = () => {
    writeFileSync(join(dir, 'a.zip'), 'the archive');
    writeManifests(join(dir, 'a.zip'), dir, about);
  };

  it('of scoop has its version, hash and program', () => {
    write();
    expect(JSON.parse(read('scoop/vmssh.json'))).toEqual({
      ...{ version: '1.2.3', description: about.description, homepage: placeholder, license: 'MIT' },
      architecture: { '64bit': { url, hash } },
      bin: 'vmssh.exe',
    });
  });

  // https://github.com/microsoft/winget-cli/tree/master/schemas/JSON/manifests/v1.6.0
  it('of winget are the three that its schema wants, of one package and version', () => {
    write();
    const files = ['vmssh.vmssh.installer.yaml', 'vmssh.vmssh.locale.en-US.yaml', 'vmssh.vmssh.yaml'];
    expect(readdirSync(join(dir, 'winget')).sort()).toEqual(files);
    const types = ['installer', 'defaultLocale', 'version'];
    for (const [i, file] of files.entries()) {
      expect(fieldOf(file, 'PackageIdentifier')).toMatch(
        /^[^.\s\\/:*?"<>|]{1,32}(\.[^.\s\\/:*?"<>|]{1,32}){1,7}$/,
      );
      expect(fieldOf(file, 'PackageVersion')).toBe('1.2.3');
      expect(fieldOf(file, 'ManifestType')).toBe(types[i]);
      expect(fieldOf(file, 'ManifestVersion')).toMatch(/^1\.\d+\.\d+$/);
      expect(read(`winget/${file}`)).not.toMatch(/[{}]/);
    }
    const [installer = '', locale = ''] = files;
    expect(fieldOf(installer, 'InstallerUrl')).toBe(url);
    expect(fieldOf(installer, 'InstallerSha256')).toBe(hash.toUpperCase());
    expect(fieldOf(installer, 'NestedInstallerType')).toBe('portable');
    expect(fieldOf(locale, 'ShortDescription')).toBe(about.description);
  });
});
