import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { site } from '../../build/release/addresses.js';
import { writeManifests } from '../../build/win/manifests.js';
import { useTempDir } from '../helpers/temp-dir.js';

const about = { version: '1.2.3', description: 'ssh: "local" machines', license: 'MIT' };
const dir = useTempDir();
const read = (name: string) => readFileSync(join(dir, name), 'utf8');
const hash = createHash('sha256').update('the archive').digest('hex');
const url = `${site}/v1.2.3/vmssh-win32-x64.zip`;

/** The value of a key of a winget manifest, whichever level it is on. */
function fieldOf(file: string, key: string): unknown {
  const line = read(`winget/${file}`)
    .split('\n')
    .find((each) => each.replace(/^[- ]+/, '').startsWith(`${key}: `));
  const text = line?.slice(line.indexOf(': ') + 2) ?? '';
  return text.startsWith('"') ? JSON.parse(text) : text;
}

/** A winget manifest of the form that ours have: keys, lists of keys below one, two spaces a level. */
function parsed(file: string): unknown {
  const root: Record<string, unknown> = {};
  let item: Record<string, unknown> | undefined;
  let list: Record<string, unknown>[] = [];
  for (const line of read(`winget/${file}`).split('\n').filter(Boolean)) {
    const [, dash, key = '', text = ''] = /^(- | {2})?(\w+):(?: (.*))?$/.exec(line) ?? [];
    expect(key, line).not.toBe('');
    const value = text.startsWith('"') ? JSON.parse(text) : text;
    if (dash === '- ') {
      item = {};
      list.push(item);
    }
    if (dash === undefined && text === '') {
      list = [];
      root[key] = list;
    } else if (dash === undefined) root[key] = value;
    else if (item) item[key] = value;
  }
  return root;
}

// https://learn.microsoft.com/en-us/windows/package-manager/package/manifest, and the schema of 1.6.0
const identifier = z
  .string()
  .max(128)
  .regex(/^[^.\s\\/:*?"<>|]{1,32}(\.[^.\s\\/:*?"<>|]{1,32}){1,7}$/);
const common = {
  PackageIdentifier: identifier,
  PackageVersion: z
    .string()
    .max(128)
    .regex(/^[^\\/:*?"<>|]+$/),
  ManifestVersion: z.literal('1.6.0'),
};
const tag = z
  .string()
  .max(20)
  .regex(/^[a-zA-Z]{2,3}(-[a-zA-Z]{1,8})*$/);
const wingetSchemas = {
  'vmssh.vmssh.yaml': z.strictObject({ ...common, DefaultLocale: tag, ManifestType: z.literal('version') }),
  'vmssh.vmssh.locale.en-US.yaml': z.strictObject({
    ...common,
    PackageLocale: tag,
    Publisher: z.string().min(2).max(256),
    PackageName: z.string().min(2).max(256),
    License: z.string().min(3).max(512),
    ShortDescription: z.string().min(3).max(256),
    ManifestType: z.literal('defaultLocale'),
  }),
  'vmssh.vmssh.installer.yaml': z.strictObject({
    ...common,
    InstallerType: z.enum(['zip', 'portable', 'exe', 'msi', 'msix']),
    NestedInstallerType: z.enum(['portable', 'exe', 'msi', 'msix']),
    NestedInstallerFiles: z
      .array(
        z.strictObject({
          RelativeFilePath: z.string().min(1).max(512),
          PortableCommandAlias: z.string().min(1).max(40),
        }),
      )
      .length(1),
    Installers: z
      .array(
        z.strictObject({
          Architecture: z.enum(['x86', 'x64', 'arm', 'arm64', 'neutral']),
          InstallerUrl: z
            .string()
            .max(2048)
            .regex(/^https:\/\/.+$/),
          InstallerSha256: z.string().regex(/^[A-F0-9]{64}$/),
        }),
      )
      .min(1)
      .max(1024),
    ManifestType: z.literal('installer'),
  }),
};

// https://github.com/ScoopInstaller/Scoop/wiki/App-Manifests
const scoopSchema = z.strictObject({
  version: z.string().regex(/^[\w.\-+_]+$/),
  description: z.string().regex(/^[^\n]+$/),
  homepage: z.url(),
  license: z.string().min(1),
  architecture: z.strictObject({
    '64bit': z.strictObject({ url: z.url(), hash: z.string().regex(/^[a-f0-9]{64}$/) }),
  }),
  bin: z.string().regex(/\.exe$/),
});

describe('the manifests of an archive', () => {
  it.each([about, JSON.parse(readFileSync('package.json', 'utf8')) as typeof about])(
    'have what winget and scoop ask for: $version',
    (of) => {
      writeFileSync(join(dir, 'a.zip'), 'the archive');
      writeManifests(join(dir, 'a.zip'), dir, of);
      for (const [file, schema] of Object.entries(wingetSchemas)) schema.parse(parsed(file));
      scoopSchema.parse(JSON.parse(read('scoop/vmssh.json')));
    },
  );

  const write = () => {
    writeFileSync(join(dir, 'a.zip'), 'the archive');
    writeManifests(join(dir, 'a.zip'), dir, about);
  };

  it('of scoop has its version, hash and program', () => {
    write();
    expect(JSON.parse(read('scoop/vmssh.json'))).toEqual({
      version: '1.2.3',
      description: about.description,
      homepage: site,
      license: 'MIT',
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
