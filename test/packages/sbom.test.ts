import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

const folder = 'dist/package';
const suffix = '.cdx.json';
const names = existsSync(folder) ? readdirSync(folder) : [];
const lists = names.filter((name) => name.endsWith(suffix));

interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
}

interface Sbom {
  readonly metadata: { readonly component: { readonly hashes: readonly { readonly content: string }[] } };
  readonly components: readonly (Component & { readonly 'bom-ref': string })[];
}

/** CycloneDX' own validator, by its schemas. Its 20 packages of 12 MB are not among ours: they are kept apart, in the cache. */
const packages = ['@cyclonedx/cyclonedx-library@10.3.0', 'ajv@8.20.0', 'ajv-formats@3.0.1'];
const more = 'ajv-formats-draft2019@1.6.1';

describe.skipIf(lists.length === 0)('the list of what an artefact contains, by CycloneDX', () => {
  let problemOf: (text: string) => Promise<unknown>;
  beforeAll(() => {
    const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
    const tool = join(cache, 'vmssh-build/cyclonedx-10.3.0');
    const module = join(tool, 'node_modules/@cyclonedx/cyclonedx-library');
    if (!existsSync(module)) {
      mkdirSync(tool, { recursive: true });
      writeFileSync(join(tool, 'package.json'), '{"private":true}\n');
      const flags = ['--ignore-scripts', '--save-exact', '--no-audit', '--no-fund'];
      spawnSync('npm', ['install', ...flags, ...packages, more], { cwd: tool });
    }
    const { Spec, Validation } = createRequire(import.meta.url)(module);
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    problemOf = (text) => validator.validate(text);
  });
  const read = (name: string): Sbom => JSON.parse(readFileSync(join(folder, name), 'utf8'));

  it('lies beside each artefact that has code in it', () => {
    const artefacts = names.filter((name) => /\.(deb|rpm|tar\.gz|tgz|zip)$/.test(name));
    expect(lists.toSorted()).toEqual(artefacts.map((name) => `${name}${suffix}`).toSorted());
  });

  it('is refused if a field is missing', async () => {
    const { bomFormat, ...rest } = JSON.parse(readFileSync(join(folder, lists[0] ?? ''), 'utf8'));
    expect(bomFormat).toBe('CycloneDX');
    expect(await problemOf(JSON.stringify(rest))).not.toBeNull();
  });

  it.each(lists)('%s', async (name) => {
    expect(await problemOf(readFileSync(join(folder, name), 'utf8'))).toBeNull();
    const { metadata, components } = read(name);
    const bytes = readFileSync(join(folder, name.slice(0, -suffix.length)));
    expect(metadata.component.hashes[0]?.content).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(new Set(components.map((each) => each['bom-ref'])).size).toBe(components.length);
    for (const { version, purl } of components) {
      expect(version).toMatch(/^\d/);
      expect(purl).toMatch(/^pkg:(npm|deb\/debian|github\/[\w-]+)\/[\w.%/-]+@[\w.%~+-]+(\?arch=\w+)?$/);
    }
  });

  it.each(lists.filter((name) => name.startsWith('vmssh-sshd')))(
    '%s has OpenSSH and two libraries',
    (name) => {
      const own = read(name).components.map(({ name }) => name);
      expect(own).toEqual([
        'openssh',
        expect.stringMatching(/^musl-dev/),
        expect.stringMatching(/^libgcc-\d+-dev/),
      ]);
    },
  );

  it.each(lists.filter((name) => /^vmssh[-_]\d.*\.(deb|rpm|tar\.gz)\./.test(name)))(
    '%s has the engine and the libraries that are linked in',
    (name) => {
      const own = read(name).components.map(({ name }) => name);
      const libraries = [/^quickjs-ng$/, /^musl-dev/, /^libstdc\+\+-\d+-dev/, /^libgcc-\d+-dev/];
      for (const library of [...libraries, /^node-api-headers$/, /^commander$/])
        expect(own).toContainEqual(expect.stringMatching(library));
    },
  );
});
